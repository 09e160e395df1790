"""Tests of a model: its objectives, a dummy beside it, its slices, its calibration."""

from mlci.gates import Gate
from mlci.gates.model.checks import CHECKS
from mlci.gates.model.options import OPTIONS

GATE = Gate(id="model", title="Model", checks=CHECKS, options=OPTIONS)
