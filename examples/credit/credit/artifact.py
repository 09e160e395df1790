"""The model as a file: written so that equal models have equal bytes, read so that nothing runs."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import skops.io
from sklearn.pipeline import Pipeline

MODEL = Path("models/income.skops")

# The one type inside the model that skops does not vouch for by itself. Reading refuses any other.
TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


def save(model: Pipeline, path: Path = MODEL) -> None:
    """Write a model; the same fitted model always gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_canonical(skops.io.dumps(model)))


def load(path: str | Path) -> Pipeline:
    """Return the model of a file. Raises when the file holds a type that is not expected."""
    return skops.io.load(path, trusted=TRUSTED)


def _canonical(archive: bytes) -> bytes:
    """Return the same archive without what differs from run to run: memory addresses and times."""
    source = zipfile.ZipFile(BytesIO(archive))
    schema = source.read("schema.json").decode()
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    number = {address: str(count) for count, address in enumerate(addresses)}
    schema = re.sub(r'(?<="__id__": )\d+|(?<=")\d+(?=\.npy")', lambda found: number[found[0]], schema)
    members = {_renamed(name, number): source.read(name) for name in source.namelist()}
    members["schema.json"] = schema.encode()
    return _zipped(members)


def _renamed(name: str, number: dict[str, str]) -> str:
    stem, _, ending = name.partition(".")
    return f"{number.get(stem, stem)}.{ending}"


def _zipped(members: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()
