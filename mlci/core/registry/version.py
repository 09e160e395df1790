"""Semantic Versioning 2.0 as a value: parsed once, ordered as the standard orders it."""

import re
from enum import StrEnum
from functools import total_ordering
from typing import Self

from msgspec import Struct

_NUMBER = r"0|[1-9][0-9]*"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = r"[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*"
PATTERN = (
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})"
    rf"(?:-(?P<prerelease>{_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+(?P<build>{_BUILD}))?"
)
_WHOLE = re.compile(rf"v?{PATTERN}", re.ASCII)

Precedence = tuple[int, int, int, int, tuple[tuple[int, int, str], ...], str]


class Part(StrEnum):
    """What a new version raises."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


@total_ordering
class Version(Struct, frozen=True, kw_only=True, gc=False):
    """One version. Two that differ in build metadata only are ordered by it, so that order is total."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The version a text spells, with or without the leading `v`; None when it spells none."""
        match = _WHOLE.fullmatch(text)
        return cls.of(*match.groups()) if match else None

    @classmethod
    def of(cls, major: str, minor: str, patch: str, prerelease: str | None, build: str | None) -> Self:
        """The version of what the groups of `PATTERN` hold."""
        return cls(
            major=int(major),
            minor=int(minor),
            patch=int(patch),
            prerelease=prerelease or "",
            build=build or "",
        )

    def __str__(self) -> str:
        text = f"v{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += f"-{self.prerelease}"
        return f"{text}+{self.build}" if self.build else text

    def __lt__(self, other: "Version") -> bool:
        return self.precedence < other.precedence

    @property
    def precedence(self) -> Precedence:
        """What versions are sorted by: a prerelease comes before its release."""
        identifiers = tuple(_rank(each) for each in self.prerelease.split(".")) if self.prerelease else ()
        return (self.major, self.minor, self.patch, 0 if self.prerelease else 1, identifiers, self.build)

    def bump(self, part: Part) -> "Version":
        """The next version. A prerelease that already stands for this step gives its own release."""
        match part:
            case Part.MAJOR:
                step = 0 if self.prerelease and not (self.minor or self.patch) else 1
                return Version(major=self.major + step, minor=0, patch=0)
            case Part.MINOR:
                step = 0 if self.prerelease and not self.patch else 1
                return Version(major=self.major, minor=self.minor + step, patch=0)
            case Part.PATCH:
                step = 0 if self.prerelease else 1
                return Version(major=self.major, minor=self.minor, patch=self.patch + step)


FIRST = Version(major=0, minor=1, patch=0)


def _rank(identifier: str) -> tuple[int, int, str]:
    if identifier.isdigit():
        return (0, int(identifier), "")
    return (1, 0, identifier)
