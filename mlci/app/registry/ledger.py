"""The one hand that writes to the registry: tags and journal in one atomic push, or nothing at all.

Every attempt reads the remote, decides on what it read, and writes under a lease on the journal's ref. Who
loses the race reads and decides again; so no counter, version or event is lost or issued twice.
"""

import operator
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.app.registry.journals import joined, read_entries, read_marks
from mlci.core.registry import journal
from mlci.core.registry.fold import Registry, TagLike, fold
from mlci.core.registry.journal import Counters, Entry, Kind
from mlci.core.registry.tag import Action, TagName
from mlci.core.registry.trailers import Message
from mlci.core.registry.version import Version
from mlci.core.strictjson import JsonValue
from mlci.errors import ForgeError, MlciError, RefusedError, WorldError
from mlci.ports.clock import Clock
from mlci.ports.git import Git, PushOutcome, PushResult, RefUpdate

ATTEMPTS = 96
_TAGS = "refs/tags/"
_SECOND = timedelta(seconds=1)
_SKEW = timedelta(days=366)
_WHOLE_HISTORY = 2**31 - 1


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the remote held at one moment. `home` is the ref that its journal lies in, or would.

    `second` is another journal's commit, of a writer who began one at the same moment elsewhere.
    """

    registry: Registry
    counters: Counters
    tip: str
    journal: str | None
    line: tuple[str, ...]
    home: str
    second: str | None = None


class Intent(Struct, frozen=True, kw_only=True):
    """One event to write. A deployment makes no tag; `about` is the assignment it carried out."""

    kind: Kind
    model: str
    commit: str
    version: Version | None = None
    title: str = ""
    environment: str | None = None
    sentence: str = ""
    trailers: tuple[tuple[str, str], ...] = ()
    actor: str = ""
    run_url: str = ""
    about: str = ""
    evidence: Mapping[str, bytes] = field(default_factory=dict)
    details: Mapping[str, JsonValue] = field(default_factory=dict)


class Written(Struct, frozen=True, kw_only=True):
    """An intent that came true, and the tag that says so (none for a deployment)."""

    intent: Intent
    tag: str


class Ledger(Struct, frozen=True, kw_only=True):
    """The registry of one repository behind one of its remotes."""

    git: Git
    clock: Clock
    remote: str
    branch: str
    project: str

    def read(self) -> Snapshot:
        """What the remote holds now. Local tags that the remote does not have say nothing."""
        here = self.git.tags()  # Git reads them while the remote answers
        main = f"refs/heads/{self.branch}"
        there = self.git.remote_refs(self.remote, main, f"{_TAGS}*", journal.REF, journal.BRANCH)
        if main not in there:
            raise WorldError(
                f"{self.remote} has no branch {self.branch}",
                id="main-missing",
                where="ci.branch",
                help=f"git push {self.remote} {self.branch}, or correct ci.branch in mlci.yaml",
            )
        home = journal.BRANCH if journal.BRANCH in there else journal.REF
        places = {main: f"refs/remotes/{self.remote}/{self.branch}", home: journal.REF}
        followed = {name: mine for name, mine in places.items() if name in there}
        known = {name: new for name, new in there.items() if name.startswith(_TAGS)}
        tags = list(here)
        if not self._is_here(known | {mine: there[name] for name, mine in followed.items()}, tags):
            self._fetch(*(f"+{name}:{mine}" for name, mine in followed.items()))
            tags = list(self.git.tags())
        registry = fold(each for each in tags if known.get(_TAGS + each.name) == each.object)
        tip, ref = there[main], there.get(home)
        return Snapshot(
            registry=registry,
            counters=read_marks(self.git, ref, registry),
            tip=tip,
            journal=ref,
            line=tuple(self.git.first_parents(tip)),
            home=home,
            second=None if home == journal.REF else there.get(journal.REF),
        )

    def require_main(self, snapshot: Snapshot) -> None:
        """Raise RefusedError unless HEAD, whose configuration is in use, was merged into the main branch."""
        head = self.git.resolve("HEAD") or ""
        if head not in snapshot.line:
            unpushed = self.git.branch() == self.branch
            first = f"git push {self.remote}" if unpushed else "git switch"
            raise RefusedError(
                f"{head[:10] or 'HEAD'} is not on {self.branch} of {self.remote}",
                id="not-on-main",
                help=f"{first} {self.branch}; only what is merged there writes to the registry",
            )

    def entries(self, snapshot: Snapshot) -> list[Entry]:
        """The events of the journal, in order; what cannot be read is left out."""
        return read_entries(self.git, snapshot.journal)

    def settle(
        self, decide: Callable[[Snapshot], Sequence[Intent]], first: Snapshot | None = None
    ) -> tuple[Written, ...]:
        """Read, decide, write; again, when somebody else was faster. Nothing decided is nothing written.

        A second journal is joined on the way. `first` is what was read a moment ago; when it has aged, the
        lease says so.
        """
        for attempt in range(ATTEMPTS):
            snapshot = first if first and not attempt else self.read()
            intents = decide(snapshot)
            if not intents and snapshot.second is None:
                return ()
            written, updates = self._prepare(snapshot, intents)
            result = self._push(snapshot, updates)
            if result.outcome is PushOutcome.DONE:
                self._take_over(updates)
                if snapshot.journal is None:
                    self._join_another()
                return written
            if result.outcome is not PushOutcome.STALE:
                raise _refused(result, written, self.remote)
            self.clock.sleep(_pause(attempt))
        raise ForgeError(
            f"{ATTEMPTS} writers were faster, one after the other",
            id="registry-busy",
            where=journal.REF,
            help="run the same command again",
        )

    def _join_another(self) -> None:
        """Join a journal that somebody else began at the same moment; if that fails, the next writer does."""
        with suppress(MlciError):
            self.settle(lambda _: ())

    def _is_here(self, wanted: Mapping[str, str], tags: Sequence[TagLike]) -> bool:
        """Whether a fetch would bring nothing. A shallow clone lacks history that no ref tells of.

        A tag that Git cannot read is not here: a fetch brings it anew.
        """
        mine = {_TAGS + each.name: each.object if each.commit else "" for each in tags}
        if any(name.startswith(_TAGS) and name not in mine for name in wanted):
            mine = {**self.git.refs(_TAGS), **mine}  # `tags` leaves out those of no commit
        refs = (mine.get(name) or self.git.resolve(name) for name in wanted)
        return all(map(operator.eq, refs, wanted.values())) and not self.git.shallow

    def _fetch(self, *refspecs: str) -> None:
        depth = _WHOLE_HISTORY if self.git.shallow else None
        self.git.fetch(self.remote, *refspecs, "+refs/tags/*:refs/tags/*", depth=depth)

    def _push(self, snapshot: Snapshot, updates: Sequence[RefUpdate]) -> PushResult:
        """Write everything or nothing. What this writer may not do there, it does as far as it may."""
        result = self.git.push(self.remote, updates)
        instead = self._instead(snapshot, updates)
        if result.outcome is not PushOutcome.REFUSED or instead == updates:
            return result
        if not instead:
            return PushResult(outcome=PushOutcome.DONE)
        second = self.git.push(self.remote, instead)
        return second if second.outcome in (PushOutcome.DONE, PushOutcome.STALE) else result

    def _instead(self, snapshot: Snapshot, updates: Sequence[RefUpdate]) -> Sequence[RefUpdate]:
        """The first journal on a branch; a second one joined, but left where it lies."""
        if snapshot.journal is None:
            return [
                replace(each, ref=journal.BRANCH) if each.ref == journal.REF else each for each in updates
            ]
        return [each for each in updates if each.new not in (None, each.expect)]

    def _prepare(
        self, snapshot: Snapshot, intents: Sequence[Intent]
    ) -> tuple[tuple[Written, ...], list[RefUpdate]]:
        """The objects of these events, made but not yet visible to anybody, and the refs that show them."""
        when = _next_moment(self.clock.now(), snapshot.registry, self._last(snapshot))
        parent, counters = self._beginning(snapshot, when)
        written: list[Written] = []
        updates: list[RefUpdate] = []
        for number, intent in enumerate(intents):
            moment = when + number * _SECOND
            name = _name(intent, counters)
            if name is not None:
                message = str(Message(sentence=intent.sentence, trailers=intent.trailers))
                made = self.git.write_tag(str(name), intent.commit, message, when=moment)
                updates.append(RefUpdate(ref=f"refs/tags/{name}", new=made, expect=""))
            entry = _entry(intent, str(name or ""), moment)
            files, counters = journal.event_files(
                self.project,
                counters,
                entry,
                counter=name.counter if name else None,
                evidence=intent.evidence,
            )
            parent = self.git.write_commit(files, parent=parent, message=_title(entry), when=moment)
            written.append(Written(intent=intent, tag=str(name or "")))
        updates.append(RefUpdate(ref=snapshot.home, new=parent, expect=snapshot.journal or ""))
        if snapshot.second:
            updates.append(RefUpdate(ref=journal.REF, new=None, expect=snapshot.second))
        return tuple(written), updates

    def _last(self, snapshot: Snapshot) -> datetime | None:
        """When the last event was written. A remote may show a journal a moment before its tag."""
        return None if snapshot.journal is None else self.git.commit(snapshot.journal).when

    def _beginning(self, snapshot: Snapshot, when: datetime) -> tuple[str | None, Counters]:
        """The journal to go on from; a second one is first joined to it, a lost one rebuilt from the tags."""
        if snapshot.journal is not None and snapshot.second is not None:
            return self._joined(snapshot.journal, snapshot.second, snapshot, when)
        if snapshot.journal is not None or not snapshot.registry.models:
            return snapshot.journal, snapshot.counters
        files, counters = journal.rebuilt(snapshot.registry)
        message = "Rebuild the journal from the tags\n"
        return self.git.write_commit(files, parent=None, message=message, when=when), counters

    def _joined(self, first: str, second: str, snapshot: Snapshot, when: datetime) -> tuple[str, Counters]:
        if self.git.resolve(second) is None:
            self.git.fetch(self.remote, journal.REF)
        files, counters = joined(self.git, first, second, snapshot.counters, snapshot.registry)
        message = "Join the journal that another writer began\n"
        tip = self.git.write_commit(files, parent=first, message=message, when=when) if files else first
        return tip, counters

    def _take_over(self, updates: Sequence[RefUpdate]) -> None:
        mine = {journal.BRANCH: journal.REF}
        kept = [each for each in updates if each.new is not None]
        self.git.update_refs(*(RefUpdate(ref=mine.get(each.ref, each.ref), new=each.new) for each in kept))


def ledger_of(git: Git, clock: Clock, *, branch: str, project: str) -> Ledger:
    """The ledger behind `origin`, else behind the only remote. Raises WorldError when there is none."""
    remotes = git.remote_names()
    if not remotes or (len(remotes) > 1 and "origin" not in remotes):
        raise WorldError(
            "the registry lives on a remote, and there is none called origin",
            id="git-remote-missing",
            help="git remote add origin URL",
        )
    remote = "origin" if "origin" in remotes else remotes[0]
    return Ledger(git=git, clock=clock, remote=remote, branch=branch, project=project)


def _name(intent: Intent, counters: Counters) -> TagName | None:
    """The tag that says it. A name without a counter is written once in a model's life."""
    if intent.kind is Kind.DEPLOY:
        return None
    action = Action(intent.kind.value)
    plain = action is Action.REGISTER
    counter = None if plain else counters.counter.get(intent.model, 0) + 1
    named = action in (Action.REGISTER, Action.DEREGISTER)
    return TagName(
        model=intent.model,
        action=action,
        version=intent.version if named else None,
        stage=intent.environment,
        counter=counter,
    )


def _entry(intent: Intent, tag: str, when: datetime) -> Entry:
    return Entry(
        kind=intent.kind,
        model=intent.model,
        version=str(intent.version) if intent.version else intent.title,
        commit=intent.commit,
        when=when.isoformat(),
        tag=tag or intent.about,
        environment=intent.environment or "",
        actor=intent.actor,
        run_url=intent.run_url,
        bundle=journal.bundle_digest(intent.evidence) if intent.evidence else "",
        details=intent.details,
    )


def _title(entry: Entry) -> str:
    place = f" in {entry.environment}" if entry.environment else ""
    return f"{entry.kind.value.capitalize()} {entry.model} {entry.version}{place}\n"


def _next_moment(now: datetime, registry: Registry, last: datetime | None) -> datetime:
    """Now, and after every tag and event there is (other readers order by date alone), absurd dates aside."""
    present = now.astimezone(UTC).replace(microsecond=0)
    known = [registry.newest_before(present + _SKEW), last]
    earlier = [each.astimezone(UTC) + _SECOND for each in known if each is not None]
    return max([present, *(each for each in earlier if each <= present + _SKEW + _SECOND)])


def _pause(attempt: int) -> float:
    longest: float = min(2.0, 0.05 * 2.0 ** min(attempt, 6))
    return longest * (0.25 + 0.75 * secrets.randbelow(1000) / 1000)


def _refused(result: PushResult, written: Sequence[Written], remote: str) -> ForgeError:
    names = ", ".join(each.tag for each in written if each.tag) or journal.REF
    said = result.message.strip()
    if result.outcome is PushOutcome.UNREACHABLE:
        return ForgeError(
            f"{remote} cannot be reached: {said}",
            id="remote-unreachable",
            help="run the same command again; what was already written is found and not repeated",
        )
    return ForgeError(
        f"{remote} does not let us write {names}: {said}",
        id="push-refused",
        where=names,
        help="let the token of this job create tags like these and refs/mlci/*: `contents: write` on GitHub,"
        " a bypass for its App in the tag ruleset; on GitLab a role that protected tags allow",
    )
