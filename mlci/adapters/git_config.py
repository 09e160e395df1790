"""How Git is kept from running what a repository's own configuration names.

A `.git/config` is mostly its user's own, with harmless programs in it (filters, hooks, editors), and CI
checkouts keep credentials there. So what Git can be told to ignore is ignored, and only what cannot be
overridden, or would silently break a push, is refused by name. Global and system settings stay.
"""

import os
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from mlci.errors import WorldError

ALWAYS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.editor", ":"),
    ("core.quotePath", "false"),
    ("safe.directory", "*"),
    ("safe.bareRepository", "explicit"),
    ("user.useConfigOnly", "true"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
VARIABLES = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "",
}
PROTOCOLS = ("file", "git", "http", "https", "ssh")

_REFUSED = r"(?s:remote\..*\.(uploadpack|receivepack|vcs)|core\.(gitproxy|alternaterefscommand))"
_FILTER = r"(?s:filter\..*\.(clean|smudge|process))"
_HELPER = r"(?s:credential\.(.*\.)?helper)"
_OWN_HELPER = r"[a-z][a-z0-9-]*"
_LFS = r"git-lfs (clean -- %f|smudge( --skip)? -- %f|filter-process( --skip)?)"
_DEFAULTS = {
    "core.sshcommand": "ssh",
    "core.askpass": "",
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.defaultkeycommand": "",
}
_SSH_SETTINGS = frozenset(
    {"stricthostkeychecking", "checkhostip", "userknownhostsfile", "identitiesonly", "batchmode"}
)


class Setting(Struct, frozen=True, kw_only=True):
    """One line of Git's configuration; `scope` says where it was set (`local`, `global`, `command`, …)."""

    scope: str
    key: str
    value: str

    @property
    def of_repository(self) -> bool:
        """Whether it lies in the repository, or in a file that the repository includes."""
        return self.scope in ("local", "worktree")


def parse_settings(listing: bytes) -> tuple[Setting, ...]:
    """What `git config --list --show-scope -z` says, in Git's order."""
    words = listing.decode("utf-8", "surrogateescape").split("\0")
    pairs = zip(words[::2], words[1::2], strict=False)
    split = [(scope, *line.partition("\n")) for scope, line in pairs]
    return tuple(Setting(scope=scope, key=key, value=value) for scope, key, _, value in split)


def variables(overrides: Sequence[tuple[str, str]], inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment that makes Git take these settings over all others, after inherited ones."""
    count = inherited.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(overrides, first)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(overrides, first)}
    allowed = inherited.get("GIT_ALLOW_PROTOCOL", ":".join(PROTOCOLS)).split(":")
    safe = ":".join(each for each in allowed if each not in ("ext", "fd"))
    return {
        **VARIABLES,
        **numbered,
        "GIT_CONFIG_COUNT": str(first + len(overrides)),
        "GIT_ALLOW_PROTOCOL": safe,
    }


def overrides(settings: Sequence[Setting]) -> tuple[tuple[str, str], ...]:
    """What must be said to Git so that no setting of the repository runs a program. Raises WorldError."""
    _require_hardening(settings)
    mine = [each for each in settings if each.of_repository]
    for each in mine:
        if each.key.startswith(("remote.", "core.")) and re.fullmatch(_REFUSED, each.key):
            raise _refuse(each)
    return (*ALWAYS, *_programs(settings), *_filters(mine), *_helpers(settings))


def _require_hardening(settings: Sequence[Setting]) -> None:
    if not any(each.scope == "command" and each.key == "core.hookspath" for each in settings):
        raise WorldError(
            "this git is too old: it cannot be kept from running a repository's hooks",
            id="git-too-old",
            help="install git 2.38 or newer",
        )


def _programs(settings: Sequence[Setting]) -> list[tuple[str, str]]:
    """Each program that the repository sets, put back to the user's own, or to Git's default."""
    back = []
    for key, default in _DEFAULTS.items():
        mine = [each for each in settings if each.key == key and each.of_repository]
        if mine and key == "core.sshcommand":
            if not _plain_ssh(mine[-1].value):
                raise _refuse(mine[-1])
        elif mine:
            own = [each.value for each in settings if each.key == key and not each.of_repository]
            back.append((key, own[-1] if own else default))
    return back


def _filters(mine: Sequence[Setting]) -> list[tuple[str, str]]:
    filters = [each for each in mine if each.key.startswith("filter.") and re.fullmatch(_FILTER, each.key)]
    found = {each.key for each in filters if not re.fullmatch(_LFS, each.value)}
    optional = {f"{key.rpartition('.')[0]}.required" for key in found}
    return [*((key, "") for key in sorted(found)), *((key, "false") for key in sorted(optional))]


def _helpers(settings: Sequence[Setting]) -> list[tuple[str, str]]:
    """Credential helpers are a list: an empty one clears it, then the user's own come back."""
    credentials = (each for each in settings if each.key.startswith("credential."))
    helpers = [each for each in credentials if re.fullmatch(_HELPER, each.key)]
    own = [each for each in helpers if not each.of_repository or re.fullmatch(_OWN_HELPER, each.value)]
    if own == helpers:
        return []
    return [("credential.helper", ""), *((each.key, each.value) for each in own)]


def _plain_ssh(command: str) -> bool:
    """Whether a command is ssh with a key and known hosts, as CI checkouts with a deploy key set it."""
    if re.search(r"[$`;&|<>(){}\n\\]", command):
        return False
    import shlex  # noqa: PLC0415 - most repositories set no ssh command

    try:
        program, *words = shlex.split(command)
    except ValueError:
        return False
    if program not in ("ssh", "/usr/bin/ssh"):
        return False
    pairs = list(zip(words[::2], words[1::2], strict=False))
    return len(words) % 2 == 0 and all(_plain_option(flag, value) for flag, value in pairs)


def _plain_option(flag: str, value: str) -> bool:
    return flag == "-i" or (flag == "-o" and value.partition("=")[0].lower() in _SSH_SETTINGS)


def _refuse(setting: Setting) -> WorldError:
    import shlex  # noqa: PLC0415 - likewise

    shown = setting.key.encode("unicode_escape", "surrogatepass").decode()
    return WorldError(
        f"the repository's own configuration sets {shown}, which can run any program",
        id="git-config-refused",
        where=shown,
        help=f"look at it with `git config --show-origin {shlex.quote(shown)}`; "
        "remove it with --unset-all, or set it with --global if it is yours",
    )
