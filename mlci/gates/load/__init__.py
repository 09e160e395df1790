"""Tests of the serving model under load."""

from mlci.gates import Gate
from mlci.gates.load.checks import CHECKS
from mlci.gates.load.options import OPTIONS

GATE = Gate(id="load", title="Load", checks=CHECKS, options=OPTIONS)
