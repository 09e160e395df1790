import hashlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.files import FileTree
from mlci.app.stages.rehash import md5, verify, verify_part
from mlci.core.dvc.files import Hashed, read_tracked
from mlci.errors import IntegrityError, RefusedError, WorldError
from tests.support.repository import Repository, repository


@given(st.binary(max_size=200))
def test_a_plain_md5_is_the_standards(content):
    assert md5(io.BytesIO(content)) == hashlib.md5(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [b"", b"a\r\nb\r\n", b"\0\r\n", b"\xff" * 600 + b"\r\n", b"x" * (1024 * 1024 - 1) + b"\r\n" + b"\0\r\n"],
)
def test_the_old_md5_is_dvcs_own(content):
    from dvc_data.hashfile.hash import fobj_md5

    assert md5(io.BytesIO(content), legacy=True) == fobj_md5(io.BytesIO(content), name="md5-dos2unix")


def test_an_output_without_an_md5_cannot_be_proven(tmp_path):
    with pytest.raises(RefusedError):
        verify(FileTree(tmp_path), "model", Hashed(path="model", algorithm="etag", value="x"))


def test_of_a_directory_in_part_each_file_is_held_against_the_manifest(tmp_path):
    def listed(content):
        return json.dumps(
            [{"md5": hashlib.md5(content).hexdigest(), "relpath": each} for each in ("a", "b/c")]
        )

    manifest = listed(b"right").encode()
    recorded = Hashed(path="parts", algorithm="md5", value=f"{hashlib.md5(manifest).hexdigest()}.dir")
    story, files = Repository(tmp_path), FileTree(tmp_path)
    story.write({"parts/b/c": "right", "parts/unnamed": "x"})
    verify_part(files, "parts", recorded, manifest)
    with pytest.raises(IntegrityError, match="the bytes of parts are"):
        verify_part(files, "parts", recorded, listed(b"evil").encode())
    story.write({"parts/b/c": "evil"})
    with pytest.raises(IntegrityError, match="the bytes of parts/b/c are"):
        verify_part(files, "parts", recorded, manifest)


@pytest.mark.slow
def test_files_and_directories_are_hashed_as_dvc_does(tmp_path):
    story = repository(tmp_path / "work").with_dvc()
    story.data({"model.bin": b"\r\n\0model"})
    story.write({"models/b/ä.txt": "x\r\n", "models/a.bin": b"\0", "models/b.txt": "y"})
    story.dvc("add", "--quiet", "models")
    files = FileTree(story.path)
    for path in ("model.bin", "models"):
        (recorded,) = read_tracked(files.read(f"{path}.dvc"), name=path).outs.values()
        verify(files, path, recorded)
        victim = story.path / ("models/a.bin" if path == "models" else path)
        victim.unlink()
        victim.write_bytes(b"evil")
        with pytest.raises(IntegrityError):
            verify(files, path, recorded)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_a_poisoned_cache_object_is_caught_whatever_the_cache_type(tmp_path, kind):
    story = repository(tmp_path / "work").with_dvc()
    story.dvc("config", "cache.type", kind)
    cache = tmp_path / "shared"
    story.dvc("cache", "dir", str(cache))
    story.write({"model.bin": "model", "models/a.bin": "a", "models/b/c.bin": "c"})
    story.dvc("add", "--quiet", "model.bin", "models")
    assert (story.path / "models/a.bin").is_symlink() is (kind == "symlink")
    files = FileTree(story.path, also=lambda: (cache,))
    recorded = {
        path: next(iter(read_tracked(files.read(f"{path}.dvc"), name=path).outs.values()))
        for path in ("model.bin", "models")
    }
    for path, each in recorded.items():
        verify(files, path, each)
    for content in (b"model", b"c"):
        name = hashlib.md5(content).hexdigest()
        poisoned = cache / "files/md5" / name[:2] / name[2:]
        poisoned.chmod(0o644)
        poisoned.write_bytes(b"evil")
        poisoned.chmod(0o444)
    for path in ("model.bin", "models/b/c.bin"):
        (story.path / path).unlink()
    story.dvc("checkout", "--quiet")
    assert (story.path / "model.bin").read_bytes() == b"evil", "DVC has learned: this test proves nothing now"
    for path, each in recorded.items():
        with pytest.raises(IntegrityError):
            verify(files, path, each)


@pytest.mark.slow
def test_a_link_out_of_the_project_is_read_only_into_the_cache(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "work/link").symlink_to(tmp_path / "secret")
    files = FileTree(tmp_path / "work", also=lambda: (tmp_path / "cache",))
    with pytest.raises(WorldError):
        files.read("link")
