"""Tests of data: every table against its contract."""

from mlci.gates import Gate
from mlci.gates.data.checks import CHECKS
from mlci.gates.data.options import OPTIONS

GATE = Gate(id="data", title="Data", checks=CHECKS, options=OPTIONS)
