"""What the journal keeps of a version: the evidence it was judged by, and how it was deployed."""

from msgspec import Struct, field

from mlci.app.registry.journals import read_entries
from mlci.core import evidence as documents
from mlci.core.evidence import Evidence
from mlci.core.registry import journal
from mlci.core.registry.journal import Entry, Kind
from mlci.core.registry.trailers import Message
from mlci.core.strictjson import NotJson
from mlci.ports.git import Git


class Kept(Struct, frozen=True, kw_only=True):
    """The evidence of one version and the digest of all of it, empty when there is none.

    `there` says whether there was a journal to look into: a plain clone does not bring it.
    """

    evidence: tuple[Evidence, ...] = ()
    digest: str = ""
    unreadable: tuple[str, ...] = ()
    deployments: tuple[Entry, ...] = field(default_factory=tuple)
    there: bool = False

    def agrees(self, message: Message) -> bool | None:
        """Whether this is what the version's tag promises; None when it promises nothing."""
        promised = message.get("Evidence-Digest")
        return None if not promised else promised == self.digest and not self.unreadable


def kept(git: Git, project: str, model: str, version: str, *, ref: str | None = None) -> Kept:
    """What the journal (the local one, unless a commit of it is given) has of a version."""
    tip = ref or git.refs(journal.REF).get(journal.REF)
    if tip is None:
        return Kept()
    paths = [each.path for each in git.tree(tip, journal.evidence_path(project, model, version))]
    contents = git.blobs([(tip, path) for path in paths])
    bundle = {_gate(path): content for path, content in zip(paths, contents, strict=True) if content}
    read: dict[str, Evidence] = {}
    for gate, content in bundle.items():
        try:
            read[gate] = documents.from_json(content)
        except NotJson:
            continue
    return Kept(
        evidence=tuple(read[gate] for gate in sorted(read)),
        digest=f"sha256:{journal.bundle_digest(bundle)}" if bundle else "",
        unreadable=tuple(sorted(bundle.keys() - read.keys())),
        deployments=tuple(
            each
            for each in read_entries(git, tip)
            if each.kind is Kind.DEPLOY and (each.model, each.version) == (model, version)
        ),
        there=True,
    )


def _gate(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".json")
