"""Many writers at once on a real bare repository: nothing lost, nothing twice, consecutive, newest wins.

`MLCI_REGISTRY_RUNS` says how many runs; each is another seed.
"""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from mlci.app.registry.ledger import Intent
from mlci.core.config import Model, Task
from mlci.core.registry.journal import Kind
from mlci.core.registry.version import FIRST, Part
from tests.app.registry.test_ledger import Dying, Killed
from tests.support.registry import CONFIG, begun
from tests.support.repository import repository

RUNS = int(os.environ.get("MLCI_REGISTRY_RUNS", "20"))
# Small groups race as surely as large ones and cost less, so there are more of them.
WRITERS = (2, 8, 2, 2, 8, 2, 2, 8, 2, 32)
NAMES = ("income", "churn", "fraud", "price")
MODELS = {name: Model(name=name, path=f"models/{name}", task=Task.BINARY) for name in NAMES}


class Writer:
    """One job in its own clone: registers a version, then assigns one, each exactly once."""

    def __init__(self, desk, number, commit, rng):
        self.desk, self.job, self.commit = desk, f"job-{number}", commit
        self.model = NAMES[rng.randrange(4)]
        self.environment = rng.choice(("staging", "prod"))
        self.delay = rng.random() * 0.05
        self.dies = (rng.randrange(1, 6), rng.random() < 0.5) if rng.random() < 0.1 else None

    def work(self):
        time.sleep(self.delay)
        whole = self.desk.git
        if self.dies:
            self.desk.git = Dying(whole, at=self.dies[0], after=self.dies[1])
        try:
            self.write()
        except Killed:
            pass
        finally:
            self.desk.git = whole

    def write(self):
        self.desk.ledger.settle(lambda snapshot: self._once(snapshot, Kind.REGISTER))
        self.desk.ledger.settle(lambda snapshot: self._once(snapshot, Kind.ASSIGN))

    def _once(self, snapshot, kind):
        state = snapshot.registry.model(self.model)
        mine = [each for each in state.events if each.message.get("Job") == self.job]
        if any(each.action.value == kind.value for each in mine):
            return []
        highest = snapshot.counters.highest.get(self.model)
        version = highest.bump(Part.MINOR) if highest else FIRST
        registering = kind is Kind.REGISTER
        return [
            Intent(
                kind=kind,
                model=self.model,
                commit=self.commit,
                version=version if registering else None,
                environment=None if registering else self.environment,
                sentence="Write",
                trailers=(("Job", self.job),),
            )
        ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_is_lost_and_nothing_comes_twice(tmp_path, seed):
    rng = random.Random(seed)
    count = WRITERS[seed % len(WRITERS)]
    desk = begun(repository(tmp_path / "work"), config=replace(CONFIG, models=MODELS))
    same = seed % 2 == 0
    commits = [desk.merge(staging=f"# {n}\n").story.head for n in range(1 if same else min(count, 8))]
    writers = [
        Writer(desk.clone(tmp_path / f"clone{number}"), number, commits[number % len(commits)], rng)
        for number in range(count)
    ]

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(Writer.work, writers))
    for _ in range(2):
        for writer in writers:
            if writer.dies:
                writer.write()

    snapshot = desk.ledger.read()
    events = [each for model in snapshot.registry.models.values() for each in model.events]
    done = sorted((each.message.get("Job"), each.action.value) for each in events)
    assert done == sorted((each.job, kind) for each in writers for kind in ("assign", "register"))
    for name, model in snapshot.registry.models.items():
        minors = sorted(each.version.minor for each in model.releases if each.version)
        assert minors == list(range(1, len(minors) + 1)), name
        counters = [each.name.counter for each in model.events if each.name.counter]
        assert counters == list(range(1, len(counters) + 1)), name
    assert len(desk.ledger.entries(snapshot)) == snapshot.counters.events == 2 * count


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(max(1, RUNS // 4)))
def test_the_newest_commit_wins_however_slow_its_job_was(tmp_path, seed):
    rng = random.Random(seed)
    desk = begun(repository(tmp_path / "work"))
    desks = []
    for number in range(rng.choice((2, 4, 8))):
        content = f"model {number}".encode()
        desk.merge(content)
        desks.append(desk.clone(tmp_path / f"clone{number}"))
        desks[-1].write(content)
        if rng.random() < 0.5:
            desk.register()
    rng.shuffle(desks)

    def job(one):
        time.sleep(rng.random() * 0.05)
        one.register()
        one.reconcile()

    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(job, desks))

    newest = desk.registry.model("income").at(desk.story.head)
    assert [each.title for each in newest] == [desk.running("staging")]
    assert desk.reconcile().written == ()
