"""Our answers beside GTO's own, on histories that any of its commands could have written."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.core.registry import fold
from tests.support import gto

MODELS = ("income", "services/churn=income", "a-b_c")
STAGES = ("dev", "prod")
VERSIONS = ("v0.1.0", "v0.2.0", "v0.10.0", "v1.0.0-rc.1", "v1.0.0", "v2.0.0+b.1")
COMMITS = 6

STEPS = st.lists(
    st.tuples(
        st.sampled_from(MODELS),
        st.sampled_from(["register", "register", "deregister", "assign", "assign", "unassign", "deprecate"]),
        st.integers(0, COMMITS - 1),
        st.sampled_from(STAGES),
        st.booleans(),
    ),
    max_size=25,
)


def history(steps, commits):
    """Tags in the order of their dates, each one allowed by GTO's own commands at its moment.

    A commit has one version at most, and only versions are assigned: elsewhere we differ on purpose.
    """
    version_of, counters, tags, taken = {}, {}, [], set()
    for when, (model, what, place, stage, counted) in enumerate(steps):
        version = version_of.get((model, place))
        if what == "register":
            version = version_of.setdefault((model, place), VERSIONS[place])
        if version is None:
            continue
        number = counters.get(model, 0) + 1
        base = {
            "register": f"{model}@{version}",
            "deregister": f"{model}@{version}!",
            "assign": f"{model}#{stage}",
            "unassign": f"{model}#{stage}!",
            "deprecate": f"{model}@deprecated",
        }[what]
        name = f"{base}#{number}" if counted or what in ("assign", "unassign") or base in taken else base
        counters[model] = number if "#" in name.removeprefix(f"{model}#") else counters.get(model, 0)
        taken.add(name)
        tags.append((name, commits[place], 10 * when))
    return tags


def answered(path):
    registry = fold(GitCli(ProcessRunner(os.environ), path, os.environ).tags())
    return {
        state.name: (
            state.latest.title if state.latest else None,
            {stage: now.release.title for stage in registry.stages if (now := state.current(stage))},
        )
        for state in registry.models.values()
        if state.active
    }


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_registry_says_what_gto_says(steps):
    with TemporaryDirectory() as place:
        path = Path(place) / "work"
        tags = history(steps, gto.commits(path, COMMITS))
        gto.annotate(path, tags)
        assert answered(path) == gto.shown(path), tags
