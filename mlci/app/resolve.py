"""What a version is made of: everything a deploy job needs to fetch and trust it."""

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.registry.journals import witness_here
from mlci.app.registry.locked import locked_at
from mlci.app.registry.situation import path_of
from mlci.core.config import Config
from mlci.core.dvc.remote import address
from mlci.core.dvc.settings import DvcConfig, read_config
from mlci.core.registry.fold import fold
from mlci.core.registry.reference import Found, find
from mlci.core.registry.stated import Stated
from mlci.core.registry.trailers import Message
from mlci.core.strictjson import JsonValue
from mlci.ports.git import Git

_KEYS = (
    "Model-Hash",
    "Signature-Hash",
    "Lock-Hash",
    "Params-Hash",
    "Evidence-Digest",
    "Pull-Request",
    "Actor",
    "Run",
    "Mlci",
)


class Resolved(Struct, frozen=True, kw_only=True):
    """One version, as its tags tell it. Versions that other tools registered lack what only ours say.

    `journaled` is None where no journal is here to tell; what was `passed_over` is greater and not in it.
    """

    model: str
    version: str
    active: bool
    commit: str
    tag: str
    registered: str
    path: str
    remote: str
    environment: str
    assignment: str
    since: str
    message: Message
    url: str = ""
    journaled: bool | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """The hash of the model's bytes, as DVC writes it; empty when the tag does not say."""
        return self.message.get("Model-Hash") or ""

    @property
    def metrics(self) -> tuple[Stated, ...]:
        """The metrics it was registered with."""
        stated = (Stated.parse(each) for each in self.message.all("Metric"))
        return tuple(each for each in stated if each)

    @property
    def caution(self) -> str:
        """What a reader must know who asked for the latest version; empty where that is the greatest tag."""
        if not self.passed_over:
            return ""
        greater = ", ".join(self.passed_over)
        advice = "mlci reconcile --check brings the newest journal"
        return f"passed over {greater}, which the journal here does not know: {advice}"

    @property
    def place(self) -> str:
        """The model's path from the top of the repository; `path` is from its project."""
        return path_of(self.model.rpartition(":")[0], self.path)

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        facts: dict[str, JsonValue] = {
            "model": self.model,
            "version": self.version,
            "active": self.active,
            "in_journal": self.journaled,
            "passed_over": list(self.passed_over),
            "commit": self.commit,
            "tag": self.tag,
            "registered": self.registered,
            "path": self.path,
            "hash": self.hash,
            "remote": self.remote or None,
            "url": self.url or None,
            "fetch": ["dvc", "get", ".", self.place, "--rev", self.commit] if self.path else [],
            "environment": self.environment or None,
            "assignment": self.assignment or None,
            "since": self.since or None,
            "metrics": [each.document() for each in self.metrics],
            "gates": list(self.message.all("Gate")),
        }
        extra: dict[str, JsonValue] = {
            key.lower().replace("-", "_"): value for key in _KEYS if (value := self.message.get(key))
        }
        return {**extra, **facts}


def resolve(git: Git, reference: str, *, config: Config | None = None, prefix: str = "") -> Resolved:
    """The version that a reference means, from the local tags."""
    told = witness_here(git)
    meant = find(fold(git.tags()), reference, prefix=prefix, config=config, witness=told)
    known = None if told is None else told.vouches(meant.release)
    found = replace(described(meant, config=config), journaled=known)
    return located(git, found, prefix) if found.path else found


def located(git: Git, found: Resolved, prefix: str) -> Resolved:
    """The same, with the remote and the place on it where the bytes lie, as its commit says."""
    (locked,) = locked_at(git, prefix, [found.commit])
    held = locked.holding(found.path) if locked else None
    if held is None:
        return found
    homes = list(dict.fromkeys((path_of(prefix, ".dvc"), ".dvc")))
    contents = git.blobs([(found.commit, f"{home}/config") for home in homes])
    home, content = next(
        ((home, each) for home, each in zip(homes, contents, strict=True) if each), (".dvc", b"")
    )
    settings = read_config([(home, content.decode("utf-8", "replace"))]) or DvcConfig()
    url = address(settings, found.remote, path_of(prefix, held[0]), held[1])
    return replace(found, url=url, remote=found.remote or settings.default or "")


def described(found: Found, *, config: Config | None) -> Resolved:
    """A release with everything its tags say."""
    release, assignment = found.release, found.assignment
    event = release.registered
    message = event.message if event else Message(sentence="")
    local = found.model.rpartition(":")[2]
    configured = config.models.get(local) if config else None
    return Resolved(
        model=found.model,
        version=release.title,
        active=release.active,
        commit=release.commit,
        tag=event.tag.name if event else "",
        registered=event.when.isoformat() if event else "",
        path=message.get("Path") or (configured.path if configured else ""),
        remote=(config.remotes.read or "") if config else "",
        environment=assignment.name.stage or "" if assignment else "",
        assignment=assignment.tag.name if assignment else "",
        since=assignment.when.isoformat() if assignment else "",
        message=message,
        passed_over=found.passed_over,
    )
