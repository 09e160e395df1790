"""What of our own environment a child may see."""

import os
from collections.abc import Mapping
from pathlib import Path

_KEPT = frozenset(
    {
        "GIT_ALLOW_PROTOCOL",
        "GIT_ASKPASS",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_HTTP_LOW_SPEED_LIMIT",
        "GIT_HTTP_LOW_SPEED_TIME",
        "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_HTTP_USER_AGENT",
        "GIT_LFS_SKIP_SMUDGE",
        "GIT_PROXY_SSL_CAINFO",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
        "GIT_SSL_NO_VERIFY",
    }
)
_KEPT_STARTS = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would point Git elsewhere, and without a PATH into the work tree.

    Git sets `GIT_DIR`, `GIT_INDEX_FILE` and their like for hooks and aliases, and mlci may run in one;
    identity, credentials and transport settings are the user's own and stay.
    """
    kept = {name: value for name, value in environment.items() if _stays(name)}
    if "PATH" in kept:
        kept["PATH"] = os.pathsep.join(
            each for each in kept["PATH"].split(os.pathsep) if Path(each).is_absolute()
        )
    return kept


def _stays(name: str) -> bool:
    return not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_STARTS)
