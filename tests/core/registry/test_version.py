import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.registry.version import Part, Version

identifiers = st.from_regex(r"(0|[1-9][0-9]{0,3}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]{0,4})", fullmatch=True)
numbers = st.integers(0, 30)
versions = st.builds(
    lambda major, minor, patch, pre, build: Version(
        major=major, minor=minor, patch=patch, prerelease=".".join(pre), build=".".join(build)
    ),
    numbers,
    numbers,
    numbers,
    st.lists(identifiers, max_size=3),
    st.lists(identifiers, max_size=2),
)


@given(versions)
def test_what_is_printed_is_read_back(version):
    assert Version.parse(str(version)) == version


@given(versions, versions)
def test_order_is_the_standards(one, other):
    theirs = semver.VersionInfo.parse(str(one)[1:]).compare(str(other)[1:])
    if theirs:
        assert (one > other) == (theirs > 0)
    else:
        assert (one.major, one.minor, one.patch, one.prerelease) == (
            other.major,
            other.minor,
            other.patch,
            other.prerelease,
        )


@pytest.mark.parametrize(
    "text",
    ["", "v", "1.2", "v01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3\n", "v1.2.٣", "V1.2.3", "1.2.3 "],
)
def test_what_is_no_version_is_none(text):
    assert Version.parse(text) is None


@pytest.mark.parametrize(
    ("before", "part", "after"),
    [
        ("v1.2.3", Part.PATCH, "v1.2.4"),
        ("v1.2.3", Part.MINOR, "v1.3.0"),
        ("v1.2.3", Part.MAJOR, "v2.0.0"),
        ("v2.0.0-rc.1", Part.PATCH, "v2.0.0"),
        ("v2.0.0-rc.1", Part.MINOR, "v2.0.0"),
        ("v2.0.0-rc.1", Part.MAJOR, "v2.0.0"),
        ("v2.1.0-rc.1", Part.MAJOR, "v3.0.0"),
        ("v2.1.1-rc.1", Part.MINOR, "v2.2.0"),
        ("v1.0.0+build.5", Part.PATCH, "v1.0.1"),
    ],
)
def test_a_bump_gives_the_next(before, part, after):
    version = Version.parse(before)
    assert version is not None
    assert str(version.bump(part)) == after
    assert version.bump(part) > version
