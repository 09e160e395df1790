"""What `mlci verify` proves: a version made again with real DVC, and signatures as Git is configured."""

import os
import subprocess

import pytest
from msgspec.structs import replace

from mlci.adapters.dvc import DvcCli
from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.reproduction import Workshop, reproduce
from mlci.app.verify import settle, verify
from mlci.core.registry import journal
from mlci.errors import IntegrityError, WorldError
from mlci.ports.git import RefUpdate, Signature
from tests.support.fakes import FakeDvc, FakeProgress, finished
from tests.support.registry import NOW, begun
from tests.support.repository import repository

EVEN = "cat raw.txt > prepared.txt"
MODEL = "mkdir -p out && cat prepared.txt > out/model.txt"
METRIC = 'echo "{\\"auc\\": 1.0}" > metrics.json'


def workshop(story):
    process = ProcessRunner(os.environ)
    here = DvcCli(process, story.path, dict(os.environ))

    def dvc_at(place):
        there = DvcCli(process, place, dict(os.environ))
        there.use_cache(here.cache_dir())
        return there

    return Workshop(
        git=GitCli(process, story.path, os.environ),
        dvc=here,
        dvc_at=dvc_at,
        files_at=FileTree,
        progress=FakeProgress(),
    )


def project(path, *, prepare=EVEN, train=MODEL, metric=METRIC):
    story = repository(path / "work").with_dvc("storage").data({"raw.txt": "1\n"}, push=True)
    story.stage("prepare", prepare, deps=["raw.txt"], outs=["prepared.txt"])
    story.stage("train", train, deps=["prepared.txt"], outs=["out"])
    story.stage("evaluate", metric, deps=["out"], more=["--metrics-no-cache", "metrics.json"])
    return story.reproduce(push=True)


@pytest.mark.slow
def test_a_deterministic_pipeline_is_proven_whatever_the_caches_say(tmp_path):
    story = project(tmp_path)
    head = story.head
    clone = story.clone(tmp_path / "clone")
    clone.dvc("config", "cache.dir", str(tmp_path / "empty"))
    clone.dvc("config", "--local", "remote.storage.url", story.dvc("config", "remote.storage.url"))

    for each in (story, clone):
        proofs = reproduce(workshop(each), head)
        assert {one.what: one.ok for one in proofs} == {
            "metrics.json": True,
            "out": True,
            "prepared.txt": True,
        }
        assert each.git("worktree", "list").count("\n") == 0


@pytest.mark.slow
def test_what_was_not_deterministic_is_named_and_what_followed_is_not_blamed(tmp_path):
    story = project(tmp_path, prepare="date +%s%N > prepared.txt")

    proofs = {each.what: each for each in reproduce(workshop(story), story.head)}

    assert "stage prepare is not deterministic" in proofs["prepared.txt"].why
    assert "since prepared.txt differs" in proofs["out"].why
    # Equal metrics: other bytes, but no broken promise.
    assert [proofs[each].ok for each in ("prepared.txt", "out", "metrics.json")] == [None, None, True]


@pytest.mark.slow
def test_metrics_that_move_break_the_promise_by_name(tmp_path):
    story = project(tmp_path, metric='echo "{\\"auc\\": $(date +%N | sed "s/^0*//")}" > metrics.json')

    proofs = {each.what: each for each in reproduce(workshop(story), story.head)}

    assert (proofs["metrics.json"].ok, proofs["metrics.json"].why) == (False, "1 value differ: auc")
    assert proofs["out"].ok is True


@pytest.mark.slow
def test_a_pipeline_that_does_not_run_is_an_error_and_leaves_nothing(tmp_path):
    story = project(tmp_path, train="test ! -e stop && " + MODEL)
    story.commit({"stop": "1"})
    with pytest.raises(WorldError) as caught:
        reproduce(workshop(story), story.head)
    assert caught.value.id == "not-reproducible"
    assert story.git("worktree", "list").count("\n") == 0


@pytest.fixture
def ssh(tmp_path):
    """A repository that signs its tags with an SSH key."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    story = repository(tmp_path / "work").commit({"a": "1"})
    for name, value in {
        "gpg.format": "ssh",
        "user.signingkey": str(key),
        "tag.gpgsign": "true",
        "user.email": "ana@example.org",
        "user.name": "Ana",
    }.items():
        story.git("config", name, value)
    return story, key


class Fetching(FakeDvc):
    """A DVC whose remote holds one model's bytes."""

    def get(self, path, revision, target, *, remote=None):
        target.write_bytes(b"one")
        return finished()


def proven(desk, tmp_path, **options):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    found, proofs = verify(desk.git, Fetching(), FileTree, scratch, desk.config, "", "income@v0.1.0")
    settle(found, proofs, **options)
    return {each.what: each.ok for each in proofs}


def forge(desk, *words):
    desk.merge(prod="# nothing\n").story.git("tag", "--annotate", "--force", *words, "income@v0.1.0", "HEAD")
    desk.story.git("push", "--quiet", "--force", "origin", "refs/tags/income@v0.1.0")


@pytest.fixture
def desk(tmp_path):
    desk = begun(repository(tmp_path / "desk")).merge(b"one")
    desk.register()
    return desk


def test_a_version_as_it_was_registered_is_proven(desk, tmp_path):
    proofs = proven(desk, tmp_path)
    assert proofs.pop("signature") is None
    assert set(proofs.values()) == {True}


@pytest.mark.parametrize("whole", [False, True])
def test_a_tag_that_was_moved_is_broken_whatever_it_says(desk, tmp_path, whole):
    said = desk.registry.model("income").latest.registered.tag.message
    forge(desk, "-m", said if whole else "Register income v0.1.0")
    with pytest.raises(IntegrityError) as caught:
        proven(desk, tmp_path, allow_unproven=True)
    assert (caught.value.id, "registration" in caught.value.message) == ("version-broken", True)


def test_a_tag_that_lost_its_promises_is_broken(desk, tmp_path):
    desk.story.git("tag", "-a", "-f", "-m", "Register income v0.1.0", "income@v0.1.0", "HEAD")
    with pytest.raises(IntegrityError) as caught:
        proven(desk, tmp_path)
    assert (caught.value.id, "registration" in caught.value.message) == ("version-broken", True)


@pytest.mark.parametrize("forged", [False, True])
def test_without_a_journal_nothing_is_proven_and_that_is_said(desk, tmp_path, forged):
    desk.story.git("update-ref", "-d", journal.REF)
    if forged:
        forge(desk, "-m", "Register income v0.1.0")
    with pytest.raises(IntegrityError) as caught:
        proven(desk, tmp_path)
    assert (caught.value.id, "registration" in caught.value.message) == ("version-unproven", True)
    assert proven(desk, tmp_path, allow_unproven=True)["registration"] is None


class Silent(Fetching):
    """A DVC whose remote does not answer."""

    def get(self, path, revision, target, *, remote=None):
        return replace(finished(), code=255, stderr=b"no such bucket")


def test_bytes_that_cannot_be_fetched_send_to_the_remote_and_not_to_the_journal(desk, tmp_path):
    found, proofs = verify(desk.git, Silent(), FileTree, tmp_path, desk.config, "", "income@v0.1.0")
    with pytest.raises(IntegrityError) as caught:
        settle(found, proofs)
    assert (caught.value.id, "DVC remote" in caught.value.help) == ("version-unproven", True)


def signed(story, name="income@v0.1.0"):
    git = GitCli(ProcessRunner(os.environ), story.path, os.environ)
    made = git.write_tag(name, story.head, "Register\n\nVersion: v0.1.0\n", when=NOW)
    git.update_refs(RefUpdate(ref=f"refs/tags/{name}", new=made))
    return GitCli(ProcessRunner(os.environ), story.path, os.environ)


def test_a_signature_is_believed_when_git_is_told_whom_to_believe(ssh, tmp_path):
    story, key = ssh
    git = signed(story)
    assert git.signature("income@v0.1.0")[0] is Signature.UNKNOWN

    allowed = tmp_path / "allowed"
    allowed.write_text(f"ana@example.org {key.with_suffix('.pub').read_text()}")
    story.git("config", "gpg.ssh.allowedSignersFile", str(allowed))
    assert git.signature("income@v0.1.0")[0] is Signature.GOOD
    assert "Version: v0.1.0" in story.git("tag", "-v", "income@v0.1.0")

    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    allowed.write_text(f"ana@example.org {other.with_suffix('.pub').read_text()}")
    assert git.signature("income@v0.1.0")[0] is Signature.BAD


def test_a_changed_tag_is_bad_and_an_unsigned_one_is_none(ssh, tmp_path):
    story, key = ssh
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ana@example.org {key.with_suffix('.pub').read_text()}")
    story.git("config", "gpg.ssh.allowedSignersFile", str(allowed))
    git = signed(story)
    content = story.git("cat-file", "tag", "income@v0.1.0").replace("Version: v0.1.0", "Version: v0.9.0")
    forged = story.git("hash-object", "-w", "-t", "tag", "--stdin", stdin=(content + "\n").encode()).strip()
    story.git("update-ref", "refs/tags/income@v0.1.0", forged)
    assert git.signature("income@v0.1.0")[0] is Signature.BAD

    story.git("config", "tag.gpgsign", "false")
    assert signed(story, "income@v0.2.0").signature("income@v0.2.0")[0] is Signature.NONE
