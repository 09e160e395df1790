"""Manifests of directories, which may be of a stranger's making."""

import json
from io import BytesIO

import pytest

from mlci.core.digest import md5
from mlci.core.dvc.manifest import read_manifest

GOOD = {"md5": "0" * 32, "relpath": "a.csv"}


def manifest(*entries):
    content = json.dumps(entries).encode()
    return read_manifest(content, f"{md5(BytesIO(content))}.dir")


def test_files_are_told_by_path():
    assert manifest(GOOD) == {"a.csv": "0" * 32}
    assert read_manifest(b"[]", "0" * 32 + ".dir") is None


@pytest.mark.parametrize(
    "entry", [7, {}, {**GOOD, "md5": "..//etc/passwd"}, {**GOOD, "md5": "aa"}, {**GOOD, "relpath": 1}]
)
def test_a_manifest_with_an_entry_that_is_none_is_not_believed(entry):
    assert manifest(GOOD, entry) is None
