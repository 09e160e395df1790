"""Where DVC's remotes lie."""

import pytest

from mlci.core.dvc.files import Hashed
from mlci.core.dvc.remote import address
from mlci.core.dvc.settings import DvcConfig, read_config


def remotes(text):
    return read_config([(".dvc", text)]) or DvcConfig()


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
    settings = remotes(f"[core]\nremote = a\n['remote \"a\"']\nurl = {url}\n")
    assert address(settings, None, "m", FILE) == lies
    assert address(settings, "other", "m", FILE) == ""


def test_old_and_cloud_versioned_outputs_lie_elsewhere():
    settings = remotes("['remote \"a\"']\nurl = s3://b\n")
    legacy = Hashed(path="m", algorithm="md5", value="abcdef", legacy=True)
    cloud = Hashed(path="m", algorithm="md5", value="abcdef", cloud=True)
    assert address(settings, "a", "dir/m", legacy) == "s3://b/ab/cdef"
    assert address(settings, "a", "dir/m", cloud) == "s3://b/dir/m"
