"""What the model gate can ask."""

from mlci.gates import Check

CHECKS = (
    Check(
        id="model.readable",
        title="The model's predictions can be read",
        page="Every row needs an id of its own, a truth and a label; a score that is NaN is red.",
    ),
    Check(
        id="model.coverage",
        title="Every row of the test set has its prediction",
        page="The predictions' ids are held against those of the model's `test:`. A row without a "
        "prediction, a prediction for no row of it, and rows that share an id or have none are red: what "
        "was left out is in no metric, and no metric is better for it. Text and numbers agree where they "
        "are written alike (1, 1.0 and '1' do; '007' is another id than 7). A test set without a column of "
        "the usual name `id` is only counted. Where that table has the truth's column too, a row that has "
        "another truth in the predictions is red, for they are the word of the stage that is judged; classes "
        "may be called otherwise, and other units or other classes only warn, since nothing can be compared. "
        "Without `test:` nothing is checked, and the report says so. "
        "A report tells how many, and some of the ids only with `report: {rows: samples}`.",
    ),
    Check(
        id="model.objective",
        title="Every objective reaches its floor or ceiling",
        page="A named metric is computed from the predictions, with its 95 % interval: it fails when the "
        "value lies beyond the limit, and warns when only the interval crosses it (`judge: interval` makes "
        "that a failure): every change is warned then, until there are as many rows as the warning names, "
        "or a limit that the present ones can hold. A metric declared with `from:` is a point value. A value "
        "that is missing, not a number or NaN is red.",
    ),
    Check(
        id="model.beats_dummy",
        title="The model is better than one that ignores its input",
        page="The dummy always answers the commonest class, with the class shares as scores, or the mean. "
        "Both are compared on the same rows: fails when the model is not better, warns when the interval of "
        "the difference still contains no difference.",
    ),
    Check(
        id="model.slice",
        title="The model works in every declared slice",
        page="Each metric of the objectives in each slice, with its interval. A metric that rests on fewer "
        "than 30 rows of a kind there (`mlci explain insufficient`) is listed as insufficient. "
        "`slice_floors` states floors.",
    ),
    Check(
        id="model.calibration",
        title="Scores are probabilities",
        page="The expected calibration error over ten bins of equal width, which a report shows.",
    ),
)
