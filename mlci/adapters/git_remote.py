"""How talking to a remote ended, from what Git says; and which addresses are talked to at all."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mlci.errors import WorldError
from mlci.ports.git import PushOutcome, PushResult
from mlci.ports.process import Finished

_TRANSPORT = r"([A-Za-z0-9][A-Za-z0-9+.-]*)::"
_STALE = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "already exists",
    "needs force",
    "remote ref updated since",
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "incorrect old value",
    "remote ref is at",
)
_FOLLOWS = ("atomic push failed", "atomic push failure", "atomic transaction failed")
_DENIED = (
    r"(?i)returned error: 40[0134]|Authentication failed|could not read (Username|Password)|Permission denied"
    r"|Permission to .* denied|access denied|not allowed|repository .*not found|does not support --atomic"
    r"|You are not allowed|deploy key|write access"
)
_OURS = r"(?m)^(error: src refspec|fatal: bad object|fatal: invalid refspec|error: unable to push)"


def without_credentials(url: str) -> str:
    """An address as it may be shown: no password, and no token in the place of a user."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/@]*@", "//", url)
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0] if parts.scheme == "ssh" else ""
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))


def check_url(name: str, url: str, root: Path) -> None:
    """Refuse an address that would run a program here. Raises WorldError."""
    transport = re.match(_TRANSPORT, url)
    if url.startswith("-") or transport or "\n" in url:
        raise _refused(name, "its address names a program or an option")
    place = Path(url.removeprefix("file://"))
    if "://" in url.removeprefix("file://") or (
        ":" in url and not place.is_absolute() and not url.startswith(".")
    ):
        return
    real = (root / place).resolve()
    if real.is_relative_to(root.resolve()):
        raise _refused(name, "it lies inside the work tree, where its hooks could run")


def push_result(done: Finished) -> PushResult:
    """How a `git push --porcelain` ended. Raises WorldError when we asked for something impossible."""
    if done.ok:
        return PushResult(outcome=PushOutcome.DONE)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    rejected = [line for line in out.splitlines() if line.startswith("!")]
    said = "\n".join([*rejected, *err.strip().splitlines()[-20:]])
    if rejected:
        return PushResult(outcome=_of_rejections(rejected, err), message=said)
    if re.search(_OURS, err):
        raise WorldError(f"git cannot push this: {said}", id="git-failed")
    denied = re.search(_DENIED, err) and not done.timed_out
    return PushResult(outcome=PushOutcome.REFUSED if denied else PushOutcome.UNREACHABLE, message=said)


def _of_rejections(rejected: list[str], err: str) -> PushOutcome:
    deciding = [line for line in rejected if not any(each in line for each in _FOLLOWS)]
    stale = all(any(each in line for each in _STALE) for line in deciding)
    if not deciding:
        stale = not re.search(r"hook declined|GH013|protected|not allowed", err)
    return PushOutcome.STALE if stale else PushOutcome.REFUSED


# A server says `Permission denied (publickey)`; these are about files of this machine.
_LOCAL = (
    r"(?m)(?:cannot open|cannot create|unable to create|unable to open|cannot lock|unable to write)"
    r".*: Permission denied$|insufficient permission for adding an object to repository database \."
)


def unreachable(remote: str, done: Finished) -> WorldError:
    """The error of a fetch or a listing that failed."""
    err = done.last_lines(5)
    if "couldn't find remote ref" in err:
        return WorldError(f"{remote} does not have what was asked for: {err}", id="remote-ref-missing")
    if re.search(_LOCAL, err):
        return WorldError(
            f"this repository cannot be written: {err}",
            id="permission-denied",
            where=".git",
            help="give it back to yourself: sudo chown -R $(id -u) .git",
        )
    why = "took too long" if done.timed_out else err
    return WorldError(
        f"cannot read from the remote {remote}: {why}",
        id="remote-unreachable",
        help=f"try `git ls-remote {remote}`; check the address, the network and your credentials",
    )


def missing(remote: str, known: Sequence[str]) -> WorldError:
    """The error of a remote that nobody named."""
    return WorldError(
        f"there is no remote {remote!r} here",
        id="remote-missing",
        help=f"one of: {', '.join(known)}" if known else f"git remote add {remote} URL",
    )


def _refused(name: str, why: str) -> WorldError:
    return WorldError(
        f"the remote {name} is refused: {why}",
        id="remote-refused",
        where=f"remote.{name}.url",
        help=f"look at it with `git remote get-url {name}`",
    )
