"""Tests of a model's fairness: every protected group against the rest."""

from mlci.gates import Gate
from mlci.gates.bias.checks import CHECKS
from mlci.gates.bias.options import OPTIONS

GATE = Gate(id="bias", title="Bias", checks=CHECKS, options=OPTIONS)
