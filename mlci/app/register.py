"""Give the models of main's newest commit a version, when their bytes are new and their evidence is green."""

import re
import shlex
from collections.abc import Sequence

from msgspec import Struct, field

from mlci import __version__
from mlci.app.admission import Red, admitted, red_of, stored
from mlci.app.bundle import Bundle
from mlci.app.registry.ledger import Intent, Ledger, Snapshot, Written
from mlci.app.registry.locked import Layout, Locked, data_of, layout_at, locked_at, tracked_at
from mlci.app.registry.numbering import TRAILER as SIGNATURE
from mlci.app.registry.numbering import Numbering
from mlci.app.registry.situation import models_of
from mlci.app.stages.rehash import verify
from mlci.core import evidence as documents
from mlci.core.config import Config, Model
from mlci.core.context import RunContext
from mlci.core.diff import MetricDiff
from mlci.core.diff.findings import subject
from mlci.core.dvc.files import Hashed
from mlci.core.finding import Finding
from mlci.core.registry import journal
from mlci.core.registry.fold import ModelState, Release
from mlci.core.registry.journal import Kind
from mlci.core.registry.stated import Stated
from mlci.core.registry.version import Part, Version
from mlci.core.strictjson import JsonValue
from mlci.errors import IntegrityError, MlciError, RefusedError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.forge import Forge, PullRequest

_PULL_REQUEST = re.compile(r"^Merge pull request #([0-9]+)|\(#([0-9]+)\)$|!([0-9]+)$")
_MOST_PASSED = 200
LABEL = "version:"

Trailers = list[tuple[str, str]]


class Choices(Struct, frozen=True, kw_only=True):
    """What the person (or the job) who registers decides."""

    bump: Part | None = None
    allow_failed: str | None = None
    accept_incomparable: str | None = None
    write: bool = True
    pull_request: PullRequest | None = None

    @property
    def part(self) -> Part | None:
        """What the new version raises, as somebody says, else as a label of the pull request does."""
        labels = self.pull_request.labels if self.pull_request else ()
        labelled = [each for each in Part if LABEL + each.value in labels]
        return self.bump or next(iter(labelled), None)


class Registered(Struct, frozen=True, kw_only=True):
    """What was registered, or would be; `red` says why nothing was, `notes` what else there is to know.

    `findings` are those that made it red.
    """

    written: tuple[Written, ...] = ()
    pending: tuple[Intent, ...] = ()
    red: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "registered": [each.tag for each in self.written],
            "pending": [f"{each.model}@{each.version}" for each in self.pending],
            "red": list(self.red),
            "findings": documents.as_json(self.findings),
            "notes": list(self.notes),
        }


class Registration(Struct, kw_only=True):
    """One commit on its way into the registry."""

    ledger: Ledger
    config: Config
    prefix: str
    files: Files
    dvc: Dvc
    context: RunContext
    choices: Choices
    head: str
    bundle: Bundle | None = None
    notes: list[str] = field(default_factory=list)
    verified: set[str] = field(default_factory=set)
    differing: dict[str, Hashed] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    lock: Locked | None = None

    def carried_out(self, left: Files) -> Registered:
        """Look at the registry, then at what the run left, then write; where nothing is due it ends early."""
        snapshot = self.ledger.read()
        if not self.intents(snapshot):
            return Registered(notes=tuple(self.notes))
        red = self._red(left)
        if red.names:
            return Registered(red=red.names, findings=red.findings)
        if not self.choices.write:
            return Registered(pending=tuple(self.intents(snapshot)), notes=tuple(self.notes))
        written = self.ledger.settle(self.intents, snapshot)
        return Registered(written=written, notes=tuple(self.notes))

    def _red(self, left: Files) -> Red:
        """Why the evidence forbids a version. Raises RefusedError where it, or its bytes, are missing."""
        stored(self.dvc, self.config, self.locked())
        incomparable = self.choices.accept_incomparable is not None
        self.bundle = admitted(self.config, left, self.head, self.locked(), accept_incomparable=incomparable)
        if self.choices.allow_failed:
            return Red()
        return red_of(self.bundle, self.config, self.ledger.clock.now().date())

    def intents(self, snapshot: Snapshot) -> list[Intent]:
        """The versions that this commit deserves, seen from what the remote holds now."""
        self.notes.clear()
        if not self._is_newest(snapshot):
            return []
        locked = self.locked()
        names = models_of(self.config, self.prefix)
        found = [self._intent(snapshot, self.config.models[each], names[each], locked) for each in names]
        if self.differing:
            raise self._differ()
        return [each for each in found if each]

    def locked(self) -> Locked:
        """What the commit's lock says. Raises RefusedError when there is none that can be read."""
        if self.lock is None:
            self.layout = layout_at(self.ledger.git, self.prefix, self.head)
            (self.lock,) = locked_at(self.ledger.git, self.prefix, [self.head], self.layout)
        if self.lock is None:
            raise RefusedError(
                "this commit has no dvc.lock that can be read",
                id="lock-missing",
                where="dvc.lock",
                help="dvc repro, then commit dvc.lock",
            )
        return self.lock

    def _is_newest(self, snapshot: Snapshot) -> bool:
        if snapshot.tip == self.head:
            return True
        if self.head in snapshot.line:
            self.notes.append(f"{snapshot.tip[:10]} is newer on {self.ledger.branch}: its own run registers")
            return False
        raise RefusedError(
            f"{self.head[:10]} is not on {self.ledger.branch} of {self.ledger.remote}",
            id="not-on-main",
            help="merge it first; only the main branch is registered",
        )

    def _intent(self, snapshot: Snapshot, model: Model, name: str, locked: Locked) -> Intent | None:
        state = snapshot.registry.model(name)
        held = locked.holding(model.path)
        if held is None:
            raise RefusedError(
                f"dvc.lock has no output {model.path}",
                id="model-not-locked",
                where=f"mlci.yaml: models.{model.name}.path",
                help="declare it under `outs:` of a stage in dvc.yaml, then dvc repro",
            )
        place, recorded = held
        if here := state.at(self.head):
            self.notes.append(f"{name} {here[0].title} stands on this commit already")
            return None
        same = _same_bytes(state, f"md5:{recorded.value}")
        if same is not None and same is _last(state, snapshot.line):
            self.notes.append(f"{name}: the bytes are those of {same.title}")
            return None
        self._rehash(place, recorded)
        if model.predictions and (shown := locked.holding(model.predictions)):
            self._rehash(*shown)
        trailers = [("Path", model.path), ("Model-Hash", f"md5:{recorded.value}")]
        if signature := self._numbering.signature(model.name):
            trailers.append((SIGNATURE, signature.digest))
        trailers += [("Same-Bytes-As", same.title)] if same else []
        trailers += [("Supersedes", each) for each in self._passed(state, snapshot.line, model)]
        numbered = self._numbering.next(snapshot, state, _last(state, snapshot.line))
        self.notes.extend(filter(None, [numbered.note]))
        return self._made(name, numbered.version, [*trailers, *self._lineage(locked)])

    @property
    def _numbering(self) -> Numbering:
        return Numbering(
            git=self.ledger.git,
            project=self.config.project,
            asked=self.choices.part,
            evidence=self._evidence(),
        )

    def _rehash(self, place: str, recorded: Hashed) -> None:
        if place not in self.verified:
            _bring(self.dvc, self.files, place, self.config.remotes.read)
            try:
                verify(self.files, place, recorded)
            except IntegrityError:
                self.differing[place] = recorded
            self.verified.add(place)

    def _differ(self) -> IntegrityError:
        """All outputs that lie here with other bytes; mostly the remote has the right ones."""
        paths, hashes = sorted(self.differing), [each.value for each in self.differing.values()]
        damaged = self.dvc.absent(hashes, remote=self.config.remotes.read)
        words = " ".join(map(shlex.quote, paths))
        return IntegrityError(
            f"the bytes of {', '.join(paths)} in the work tree are not those of dvc.lock"
            + (", and the remote does not hold those either" if damaged else ", but the remote holds those"),
            id="bytes-differ",
            where=paths[0],
            help=f"dvc pull --force {words}" if damaged else f"dvc checkout {words}",
        )

    def _passed(self, state: ModelState, line: Sequence[str], model: Model) -> list[str]:
        """Commits since the last version that had other bytes and were never registered."""
        last = _last(state, line)
        if last is None:
            return []
        between = list(line[1 : line.index(last.commit)])[:_MOST_PASSED]
        known = {_hash_of(each) for each in state.releases}
        held = [each.holding(model.path) if each else None for each in self._locks(between)]
        pairs = zip(between, held, strict=True)
        return [commit for commit, each in pairs if each and f"md5:{each[1].value}" not in known]

    def _locks(self, commits: Sequence[str]) -> list[Locked | None]:
        return locked_at(self.ledger.git, self.prefix, commits, self.layout)

    def _lineage(self, locked: Locked) -> Trailers:
        tracked = tracked_at(self.ledger.git, self.prefix, self.head, self.layout)
        data = data_of(locked, tracked, self.config)
        sets = [("Data", f"{path} {each.algorithm}:{each.value}") for path, each in data.items()]
        return [("Lock-Hash", f"sha256:{locked.digest}"), ("Params-Hash", f"sha256:{locked.params}"), *sets]

    def _made(self, name: str, version: Version, made_of: Trailers) -> Intent:
        bundle = {each.gate: documents.to_json(each).encode() for each in self._evidence()}
        judged = [("Evidence-Digest", f"sha256:{journal.bundle_digest(bundle)}")] if bundle else []
        trailers = [("Version", str(version)), *made_of, *self._judged(), *judged, *self._who()]
        return Intent(
            kind=Kind.REGISTER,
            model=name,
            commit=self.head,
            version=version,
            sentence=f"Register {name} {version}",
            trailers=tuple(trailers),
            actor=self.context.actor or "",
            run_url=self.context.run_url or "",
            evidence=bundle,
        )

    def _evidence(self) -> tuple[documents.Evidence, ...]:
        return self.bundle.evidence if self.bundle else ()

    def _judged(self) -> Trailers:
        diff = self.bundle.diff if self.bundle else None
        trailers = [
            ("Metric", _metric(each, each.head))
            for each in (diff.metrics if diff else ())
            if each.head is not None
        ]
        trailers += [("Gate", f"{each.gate}={each.verdict.value}") for each in self._evidence()]
        for finding in (each for gate in self._evidence() for each in gate.findings if each.waived):
            waived = finding.waived
            if waived:
                until = f"{waived.owner} until {waived.until}: {waived.reason}"
                trailers.append(("Waiver", f"{finding.check} {finding.subject} by {until}"))
        reasons = {
            "Allow-Failed": self.choices.allow_failed,
            "Accept-Incomparable": self.choices.accept_incomparable,
        }
        return trailers + [(key, reason) for key, reason in reasons.items() if reason]

    def _who(self) -> Trailers:
        subject_line = self.ledger.git.commit(self.head).message.split("\n", 1)[0]
        match = _PULL_REQUEST.search(subject_line)
        named = next(each for each in match.groups() if each) if match else "unknown"
        found = self.choices.pull_request
        number = found.number if found else self.context.pull_request or named
        facts = {
            "Pull-Request": str(number),
            "Actor": self.context.actor or "",
            "Run": self.context.run_url or "",
            "Mlci": __version__,
        }
        return [(key, value) for key, value in facts.items() if value]


def register(
    ledger: Ledger,
    config: Config,
    prefix: str,
    files: Files,
    left: Files,
    dvc: Dvc,
    context: RunContext,
    choices: Choices,
) -> Registered:
    """Register what main's newest commit made. `left` holds the `.mlci/` that its run left.

    The same bytes as the newest version, an older commit, or a second run: nothing to do.
    """
    registration = Registration(
        ledger=ledger,
        config=config,
        prefix=prefix,
        files=files,
        dvc=dvc,
        context=context,
        choices=choices,
        head=ledger.git.resolve("HEAD") or "",
    )
    return registration.carried_out(left) if config.models else Registered()


def pull_request_of(forge: Forge, commit: str) -> PullRequest | None:
    """The pull request that brought a commit, as far as the forge tells; its silence stops no version."""
    try:
        return forge.pull_request_of(commit)
    except MlciError:
        return None


def _bring(dvc: Dvc, files: Files, path: str, remote: str | None) -> None:
    if not files.exists(path):
        done = dvc.pull([path], remote=remote)
        if not done.ok:
            raise RefusedError(
                f"{path} cannot be fetched: {done.last_lines(3)}", id="output-not-pushed", help="dvc push"
            )


def _last(state: ModelState, line: Sequence[str]) -> Release | None:
    """The version of the newest commit on the line, prereleases too."""
    place = {commit: number for number, commit in enumerate(line)}
    return min(
        (each for each in state.versions if each.commit in place),
        key=lambda each: place[each.commit],
        default=None,
    )


def _same_bytes(state: ModelState, value: str) -> Release | None:
    return next((each for each in reversed(state.releases) if each.active and _hash_of(each) == value), None)


def _hash_of(release: Release) -> str:
    event = release.registered
    return (event.message.get("Model-Hash") or "") if event else ""


def _metric(each: MetricDiff, value: float) -> str:
    verdict = each.verdict.value if each.verdict else ""
    return str(Stated(name=subject(each), value=value, interval=each.head_interval, verdict=verdict))
