"""Where DVC's remotes lie."""

import pytest

from mlci.core.dvcfiles import Hashed
from mlci.core.dvcremote import address, read_remotes

FILE = Hashed(path="m", algorithm="md5", value="abcdef")


@pytest.mark.parametrize(
    ("url", "lies"),
    [
        ("s3://bucket/x", "s3://bucket/x/files/md5/ab/cdef"),
        ("ssh://me:secret@host/x", "ssh://***@host/x/files/md5/ab/cdef"),
        ("../store", "store/files/md5/ab/cdef"),
        ("store", ".dvc/store/files/md5/ab/cdef"),
        ("/data/store", "/data/store/files/md5/ab/cdef"),
    ],
)
def test_an_output_lies_below_its_remote(url, lies):
    settings = read_remotes(f"[core]\nremote = a\n['remote \"a\"']\nurl = {url}\n".encode(), home=".dvc")
    assert address(settings, None, "m", FILE) == lies
    assert address(settings, "other", "m", FILE) == ""


def test_old_and_cloud_versioned_outputs_lie_elsewhere():
    settings = read_remotes(b"['remote \"a\"']\nurl = s3://b\n", home=".dvc")
    legacy = Hashed(path="m", algorithm="md5", value="abcdef", legacy=True)
    cloud = Hashed(path="m", algorithm="md5", value="abcdef", cloud=True)
    assert address(settings, "a", "dir/m", legacy) == "s3://b/ab/cdef"
    assert address(settings, "a", "dir/m", cloud) == "s3://b/dir/m"


@pytest.mark.parametrize("content", [b"", b"not an ini", b"\xff\xfe", b"[core\nx", b"[a]\n[a]\n%(x)s=1"])
def test_what_cannot_be_read_says_nothing(content):
    assert read_remotes(content, home=".dvc").urls == {}
