"""Tables in every format, by every way in, and what is said of files that are none."""

import polars as pl
import pytest

from mlci.adapters.tables import PolarsTables
from mlci.errors import WorldError

FRAME = pl.DataFrame({"id": ["007", "8"], "n": [1, 2], "x": [0.5, None], "yes": [True, False]})
WRITE = {
    "t.parquet": FRAME.write_parquet,
    "t.csv": FRAME.write_csv,
    "t.arrow": FRAME.write_ipc,
    "t.jsonl": FRAME.write_ndjson,
}


@pytest.fixture(params=sorted(WRITE))
def name(request, tmp_path):
    WRITE[request.param](tmp_path / request.param)
    return request.param


def test_every_format_gives_the_same_columns(name, tmp_path):
    tables = PolarsTables(root=tmp_path)
    content = (tmp_path / name).read_bytes()
    for columns in (
        tables.read(name, ["id", "x"], text=["id"]),
        tables.read_bytes(content, name, ["id", "x"], text=["id"]),
    ):
        assert list(columns) == ["id", "x"]
        assert columns["id"].tolist() == ["007", "8"]
        assert columns["x"][0] == 0.5
        assert columns["x"][1] != columns["x"][1]


def test_schema_and_rows_are_told(name, tmp_path):
    tables = PolarsTables(root=tmp_path)
    assert list(tables.schema(name)) == ["id", "n", "x", "yes"]
    assert tables.rows(name) == 2


def test_a_column_that_is_not_there_names_those_that_are(name, tmp_path):
    with pytest.raises(WorldError, match="no column 'z'; there are: id, n, x, yes"):
        PolarsTables(root=tmp_path).read(name, ["z"])


@pytest.mark.parametrize("name", sorted(WRITE))
@pytest.mark.parametrize("content", [b"", b"\x00\xff not a table \x00"])
def test_what_is_no_table_is_an_error_of_ours(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WorldError):
        PolarsTables(root=tmp_path).read(name, ["id"])


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("../secret.csv", "path-outside"),
        ("/etc/passwd", "path-outside"),
        ("link.csv", "path-outside"),
        ("none.csv", "table-missing"),
        ("t.xls", "table-format"),
        ("big.csv", "table-too-large"),
    ],
)
def test_paths_that_are_refused(path, id, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    (home / "t.xls").write_text("x")
    (home / "big.csv").write_text("a\n" + "1\n" * 50)
    with pytest.raises(WorldError) as caught:
        PolarsTables(root=home, limit=60).read(path)
    assert caught.value.id == id


def test_links_into_the_cache_are_followed(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "home").mkdir()
    FRAME.write_csv(tmp_path / "cache" / "ab12")
    (tmp_path / "home" / "t.csv").symlink_to(tmp_path / "cache" / "ab12")
    assert PolarsTables(root=tmp_path / "home", also=lambda: [tmp_path / "cache"]).rows("t.csv") == 2
