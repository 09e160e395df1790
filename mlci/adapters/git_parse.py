"""What Git's plumbing says, as values. Every name may hold any byte but NUL."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from mlci.ports.git import CommitRecord, Person, Signature, TagRecord
from mlci.ports.process import Finished

TAGS = (
    "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)%00%(taggername)%00"
    "%(taggeremail:trim)%00%(taggerdate:raw)%00%(contents)%00%(contents:signature)%00"
)
COMMITS = "%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cd%x00%B%x00"


def text(content: bytes) -> str:
    """Bytes of any encoding as text that turns back into the same bytes."""
    return content.decode("utf-8", "surrogateescape")


def rows(content: bytes, width: int) -> Iterator[Sequence[str]]:
    """Rows of NUL-ended fields, each row with a newline behind it."""
    fields = text(content).split("\0")
    for start in range(0, len(fields) - width, width):
        yield [fields[start].removeprefix("\n"), *fields[start + 1 : start + width]]


def tags(content: bytes) -> Iterator[TagRecord]:
    """Tags in the format TAGS. Those of a tag have no `commit` yet, those of no commit are left out."""
    for name, object_, kind, target, target_kind, person, email, date, message, signature in rows(
        content, 10
    ):
        short = name.removeprefix("refs/tags/")
        if kind == "commit":
            yield TagRecord(name=short, object=object_, commit=object_, annotated=False)
        elif target_kind in ("commit", "tag"):
            yield TagRecord(
                name=short,
                object=object_,
                commit=target if target_kind == "commit" else "",
                annotated=True,
                tagger=Person(name=person, email=email) if date else None,
                when=moment(date) if date else None,
                message=message.removesuffix(signature) if signature else message,
            )


def commits(content: bytes) -> Iterator[CommitRecord]:
    """Commits in the format COMMITS with raw dates."""
    for sha, parents, author, author_email, committer, committer_email, date, message in rows(content, 8):
        yield CommitRecord(
            sha=sha,
            parents=tuple(parents.split()),
            author=Person(name=author, email=author_email),
            committer=Person(name=committer, email=committer_email),
            when=moment(date),
            message=message,
        )


def moment(raw: str) -> datetime:
    """Git's raw date. One beyond the calendar is the calendar's end."""
    seconds, _, zone = raw.partition(" ")
    try:
        return datetime.fromtimestamp(int(seconds), _zone(zone))
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


@lru_cache
def _zone(text: str) -> timezone:
    return timezone(timedelta(hours=int(text[:3]), minutes=int(text[0] + text[3:]))) if text else UTC


def raw_date(when: datetime) -> str:
    """A moment as Git writes it."""
    return f"{int(when.timestamp())} {when.strftime('%z')[:5] or '+0000'}"


def quoted(path: str) -> bytes:
    """A path as fast-import reads it."""
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def signature(done: Finished) -> Signature:
    """What the end of `git verify-tag` says: only a missing key, or list of signers, is nobody's fault."""
    if done.ok:
        return Signature.GOOD
    if b"no signature found" in done.stderr:
        return Signature.NONE
    keyless = (b"No public key", b"allowedSignersFile needs to be configured", b"cannot run")
    return Signature.UNKNOWN if any(each in done.stderr for each in keyless) else Signature.BAD
