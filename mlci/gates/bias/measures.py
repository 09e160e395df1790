"""The fairness measures: which rate of a group each looks at."""

from mlci.gates.bias.compare import Measure, Rate, Scale
from mlci.gates.bias.cube import Cells


def true_positive_rate(cells: Cells) -> Rate:
    """Positives that were labelled so."""
    return Rate(hits=cells.true_positive, of=cells.positives)


def false_positive_rate(cells: Cells) -> Rate:
    """Negatives that were labelled positive."""
    return Rate(hits=cells.false_positive, of=cells.negatives)


def selection_rate(cells: Cells) -> Rate:
    """Rows that were labelled positive."""
    return Rate(hits=cells.selected, of=cells.rows)


MEASURES = (
    Measure(
        check="bias.equal_opportunity_difference",
        rate=true_positive_rate,
        words="true positive rate",
        scale=Scale.DIFFERENCE,
    ),
    Measure(
        check="bias.false_positive_rate_difference",
        rate=false_positive_rate,
        words="false positive rate",
        scale=Scale.DIFFERENCE,
    ),
    Measure(
        check="bias.demographic_parity_difference",
        rate=selection_rate,
        words="selection rate",
        scale=Scale.DIFFERENCE,
    ),
    Measure(
        check="bias.demographic_parity_ratio",
        rate=selection_rate,
        words="selection rate",
        scale=Scale.RATIO,
    ),
)
