"""The parameters of one stage, as `params.yaml` states them."""

from pathlib import Path
from typing import Any

import yaml


def params(stage: str, path: Path = Path("params.yaml")) -> dict[str, Any]:
    """Return the parameters of a stage."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))[stage]
