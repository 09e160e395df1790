"""What the bias gate can ask."""

from mlci.gates import Check

_HOW = (
    " Each group is compared with all other rows together. Fails when the whole 95 % interval lies beyond "
    "the limit, held over all groups of a column (Holm); warns when the interval crosses the limit, and when "
    "the group or the rest has fewer than 30 positives or 30 negatives. Of two groups, the lower is judged. "
    "Weighted rows, and rows of one cluster (`columns.cluster`), count as fewer: as many as would be "
    "independent if a cluster's rows said the same."
)

CHECKS = (
    Check(
        id="bias.readable",
        title="Predictions and groups can be read and joined",
        page="Groups come from the columns of `test:`, joined to the predictions by id. "
        "A prediction without its row is red.",
    ),
    Check(
        id="bias.coverage",
        title="Every row of the test set has its prediction",
        page="Asked as `model.coverage` is: who is left out of the predictions is compared with nobody.",
    ),
    Check(
        id="bias.equal_opportunity_difference",
        title="Positives of every group are found equally often",
        page="The difference of true positive rates, with Newcombe's interval; at most 0.1 by default."
        + _HOW,
    ),
    Check(
        id="bias.false_positive_rate_difference",
        title="Negatives of every group are spared equally often",
        page="The difference of false positive rates, with Newcombe's interval. Opt-in." + _HOW,
    ),
    Check(
        id="bias.demographic_parity_difference",
        title="Every group is selected equally often",
        page="The difference of selection rates, with Newcombe's interval. Opt-in: truth itself may differ."
        + _HOW,
    ),
    Check(
        id="bias.demographic_parity_ratio",
        title="No group is selected much less often",
        page="The ratio of selection rates, with Katz's interval; 0.8 is the four-fifths rule. Opt-in."
        + _HOW,
    ),
)
