"""`gates.load` of mlci.yaml."""

from msgspec import Struct

from mlci.core.schema import Duration, Listing, Number, Problems, Share, Table, Text, optional, required
from mlci.core.yaml.node import Node


class Ask(Struct, frozen=True, kw_only=True):
    """What is asked of the server: rows of a table as JSON bodies, or a plain GET."""

    path: str = "/"
    rows: str | None = None
    drop: tuple[str, ...] | None = None


class Options(Struct, frozen=True, kw_only=True):
    """How the server is started, how hard it is pressed, and what it must hold."""

    serve: str
    request: Ask
    rate: float = 50.0
    duration: float = 15.0
    warm_up: float = 2.0
    start_within: float = 30.0
    timeout: float = 10.0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    errors: float = 0.001


def _startable(options: Options, node: Node, problems: Problems) -> None:
    import shlex  # noqa: PLC0415 - few projects have a server

    try:
        words = shlex.split(options.serve)
    except ValueError as error:
        problems.add(node, "serve-unreadable", f"`serve` is not a command line: {error}")
        return
    if not any("{port}" in word for word in words):
        example = 'for example serve: "uvicorn app:app --port {port}"'
        problems.add(node, "serve-without-port", "`serve` must say where {port} goes", help=example)


_PATH = Text(pattern=r"/[!-~]*", means="a path such as /predict, without spaces")
_LATENCY = Duration(minimum=0.0001, maximum=600.0)

OPTIONS = Table(
    Options,
    required("serve", Text(), "Command line that starts the server; {port} is the port it must listen on."),
    required(
        "request",
        Table(
            Ask,
            optional("path", _PATH, "The path to ask."),
            optional("rows", Text(), "A table whose rows are sent as JSON bodies (POST)."),
            optional("drop", Listing(Text()), "Columns that are not sent; by default the id and the truth."),
        ),
        "What is asked of the server.",
    ),
    optional("rate", Number(minimum=0.1, maximum=20_000), "Requests a second."),
    optional("duration", Duration(minimum=0.3, maximum=3600), "How long is measured, in three windows."),
    optional("warm_up", Duration(maximum=600), "How long is asked before measuring begins."),
    optional("start_within", Duration(minimum=0.1, maximum=1800), "How long the server may take to start."),
    optional("timeout", Duration(minimum=0.01, maximum=600), "How long one request may take at all."),
    optional("p50", _LATENCY, "The longest median."),
    optional("p90", _LATENCY, "The longest 90th percentile."),
    optional("p95", _LATENCY, "The longest 95th percentile."),
    optional("p99", _LATENCY, "The longest 99th percentile."),
    optional("errors", Share(), "The largest share of requests that may fail."),
    check=_startable,
)
