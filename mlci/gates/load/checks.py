"""What the load gate can ask."""

from mlci.gates import Check

CHECKS = (
    Check(
        id="load.starts",
        title="The server starts and answers",
        page="The command line of `serve` runs in the user's environment, without a shell, on a free port of "
        "127.0.0.1. Any answer to HTTP counts. When none comes in `start_within`, the finding shows the "
        "server's last lines.",
    ),
    Check(
        id="load.latency",
        title="Answers come fast enough",
        page="Requests leave at a fixed rate whether or not earlier ones were answered, and latency counts "
        "from the moment a request was due. After `warm_up`, three windows are judged. A percentile fails "
        "only when its 95 % lower limit lies above the threshold in all three; it warns when some windows "
        "lie above it, and on CI runners that are not declared dedicated (`ci.dedicated`). A failed request "
        "counts as one that took as long as `timeout`.",
    ),
    Check(
        id="load.errors",
        title="Few enough requests fail",
        page="A request fails with a status of 300 or more, without an answer in `timeout`, or when the "
        "connection breaks. Fails when the 95 % interval lies above the threshold, warns when only the "
        "share itself does.",
    ),
    Check(
        id="load.generator",
        title="The measurement itself can be trusted",
        page="A window in which more than 1 % of the requests left late (more than a tenth of the tightest "
        "threshold, at least 5 ms) says more of the machine than of the server, and is discarded.",
    ),
)
