"""`make bench`: every file of this folder with a `measure`, or those that are named."""

import importlib
import pkgutil
import sys

from tests import benchmarks

TOOLS = {"harness", "__main__"}


def main(chosen: list[str]) -> None:
    """Print the figures of the chosen benchmarks (all, when none is named)."""
    names = chosen or sorted(each.name for each in pkgutil.iter_modules(benchmarks.__path__))
    for name in names:
        if name not in TOOLS:
            print(f"\n{name}", flush=True)
            for comparison in importlib.import_module(f"tests.benchmarks.{name}").measure():
                print(comparison.line(), flush=True)


main(sys.argv[1:])
