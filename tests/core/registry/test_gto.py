"""Our answers beside GTO's own, on histories that any of its commands could have written.

`MLCI_GTO_HISTORIES` says how many; what we answer otherwise on purpose is in ARCHITECTURE.md and not drawn.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.history import history as happened
from mlci.core.registry.fold import fold
from tests.support import gto

HISTORIES = int(os.environ.get("MLCI_GTO_HISTORIES", "60"))
MODELS = ("income", "services/churn=income", "a.b/c-d_9=x/y-z_0", "a-b_c")
STAGES = ("dev", "prod", "eu/prod-1")
COMMITS = 7
EVENTS = {
    "register": "registration",
    "deregister": "deregistration",
    "assign": "assignment",
    "unassign": "unassignment",
    "deprecate": "deprecation",
}

NUMBER = st.integers(0, 12)
PRERELEASES = st.sampled_from(
    ["", "", "", "-rc.1", "-rc.2", "-rc.10", "-alpha", "-alpha.beta", "-0.3.7", "-x-y"]
)
BUILDS = st.sampled_from(["", "", "", "+b.1", "+20130313144700", "+exp.sha-5114f85"])
# Two that differ in build metadata alone have one precedence: we order them, GTO takes either.
VERSIONS = st.lists(
    st.tuples(NUMBER, NUMBER, NUMBER, PRERELEASES, BUILDS),
    min_size=COMMITS,
    max_size=COMMITS,
    unique_by=lambda each: each[:4],
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(MODELS),
        st.sampled_from(["register", "register", "deregister", "assign", "assign", "unassign", "deprecate"]),
        st.integers(0, COMMITS - 1),
        st.sampled_from(STAGES),
        st.booleans(),
        st.sampled_from([0, 1, 10, 86_400]),
    ),
    max_size=40,
)
STRANGERS = st.lists(
    st.sampled_from(
        ["v1.0.0", "nightly", "release/7", "income@1.0.0", "income@v1", "income#", "@v1.0.0", "income@latest"]
    ),
    unique=True,
)
LIGHT = st.lists(
    st.sampled_from(["income@v99.0.0", "income#prod#98", "services/churn=income@v99.0.0!", "new@v1.0.0"]),
    unique=True,
)


def history(steps, versions, commits):
    """Tags in the order of their dates, each one allowed by GTO's own commands at its moment.

    A commit has one version at most, and only versions are assigned; a model's events have dates of their
    own, while two models may do something in one second: elsewhere we differ on purpose.
    """
    version_of, counters, tags, taken, last = {}, {}, [], set(), {}
    now = 0
    for model, what, place, stage, counted, pause in steps:
        version = version_of.get((model, place))
        if what == "register":
            version = version_of.setdefault((model, place), "v{}.{}.{}{}{}".format(*versions[place]))
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
        now = max(now + pause, last.get(model, -1) + 1)
        last[model] = now
        tags.append((name, commits[place], now))
    return tags


def answered(path):
    """What each model's latest version is and what each stage holds, and every event, as GTO calls it."""
    git = GitCli(ProcessRunner(os.environ), path, os.environ)
    registry = fold(git.tags())
    shown = {
        state.name: (
            state.latest.title if state.latest else None,
            {stage: now.release.title for stage in registry.stages if (now := state.current(stage))},
        )
        for state in registry.models.values()
        if state.active
    }
    events = [(each.tag, EVENTS[each.event], each.version or None, each.commit) for each in happened(git)]
    return shown, sorted(events, key=str)


@pytest.mark.slow
@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, VERSIONS, STRANGERS, LIGHT)
def test_the_registry_says_what_gto_says(steps, versions, strangers, light):
    with TemporaryDirectory() as place:
        path = Path(place) / "work"
        commits = gto.commits(path, COMMITS)
        tags = history(steps, versions, commits)
        gto.annotate(path, [*tags, *((name, commits[0], 5) for name in strangers)])
        gto.point(path, [(name, commits[-1]) for name in light])
        assert answered(path) == (gto.shown(path), gto.told(path)), tags
