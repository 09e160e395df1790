"""Signatures with GPG as Git is configured for it: a home for each person, and no agent left behind."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.verify import settle, verify
from mlci.errors import IntegrityError
from mlci.ports.git import Signature
from tests.app.test_verify import Fetching
from tests.support.registry import begun
from tests.support.repository import repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("gpg") is None, reason="there is no gpg on this machine"),
]


class Keyring:
    """One person's GNUPGHOME. Its path is short, because a socket's has to be."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.home.chmod(0o700)

    def gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run gpg with this home."""
        words = ["gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]
        done = subprocess.run(
            [*words, *arguments], env=self.environment, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it."""
        return {**os.environ, "GNUPGHOME": str(self.home)}

    def end(self) -> None:
        """End the agent that gpg started for this home, and remove it."""
        subprocess.run(["gpgconf", "--kill", "all"], env=self.environment, check=False)
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture
def keyring():
    made = []

    def make() -> Keyring:
        made.append(Keyring(Path(tempfile.mkdtemp(prefix="gpg"))))
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def signer(keyring):
    ring = keyring()
    ring.gpg("--quick-generate-key", "Ana <ana@example.org>", "ed25519", "sign", "never")
    return ring


@pytest.fixture
def desk(tmp_path, signer):
    """A project whose Git signs each tag with Ana's key, and its first version."""
    desk = begun(repository(tmp_path / "desk")).merge(b"one")
    for name, value in {"user.signingkey": "ana@example.org", "tag.gpgsign": "true"}.items():
        desk.story.git("config", name, value)
    desk.git = seen_by(desk, signer)
    desk.register()
    return desk


def seen_by(desk, ring):
    return GitCli(ProcessRunner(ring.environment), desk.story.path, ring.environment)


def asked(desk, ring, tmp_path):
    """What `mlci verify` says to somebody with this keyring: the signature's proof, and how it ends."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    git = seen_by(desk, ring)
    found, proofs = verify(git, Fetching(), FileTree, scratch, desk.config, "", "income@v0.1.0")
    settle(found, proofs)
    return next(each for each in proofs if each.what == "signature")


def test_who_has_the_key_is_told_that_the_signature_is_good(desk, signer, tmp_path):
    proof = asked(desk, signer, tmp_path)
    assert (proof.ok, "Good signature" in proof.why) == (True, True)
    verified = subprocess.run(
        ["git", "tag", "-v", "income@v0.1.0"],
        cwd=desk.story.path,
        env=signer.environment,
        capture_output=True,
        check=True,
    )
    assert b"Model-Hash: md5:" in verified.stdout


def test_a_signature_of_an_unknown_key_proves_nothing_and_breaks_nothing(desk, keyring, tmp_path):
    proof = asked(desk, keyring(), tmp_path)
    assert (proof.ok, "No public key" in proof.why) == (None, True)


def test_a_tag_whose_words_were_changed_is_broken(desk, signer, tmp_path):
    content = desk.story.git("cat-file", "tag", "income@v0.1.0")
    changed = content.replace("Register income v0.1.0", "Register income v0.1.0, really")
    made = desk.story.git("hash-object", "-w", "-t", "tag", "--stdin", stdin=f"{changed}\n".encode())
    desk.story.git("update-ref", "refs/tags/income@v0.1.0", made)
    assert seen_by(desk, signer).signature("income@v0.1.0")[0] is Signature.BAD
    with pytest.raises(IntegrityError) as caught:
        asked(desk, signer, tmp_path)
    assert (caught.value.id, "signature" in caught.value.message) == ("version-broken", True)
