"""What Git's plumbing says, as values. Every name may hold any byte but NUL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from mlci.ports.git import CommitRecord, Person, Signature, TagRecord
from mlci.ports.process import Finished

# Only what stands in the tag itself: `*objectname` and its like open every commit as well.
TAGS = "%00%(refname)%00%(objectname)%00%(objecttype)%00%(object)%00%(type)%00%(tagger)%00%(contents)"
REFS = "%00%(refname)%00%(objectname)"
COMMITS = "%x00%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cd%x00%B"


def text(content: bytes) -> str:
    """Bytes of any encoding as text that turns back into the same bytes."""
    return content.decode("utf-8", "surrogateescape")


def rows(content: bytes, width: int) -> Iterator[tuple[str, ...]]:
    """Rows of fields, each after a NUL; the last one of a row keeps the newline behind it."""
    _, *fields = text(content).split("\0")
    return zip(*[iter(fields)] * width, strict=False)


def refs(content: bytes) -> Iterator[tuple[str, str]]:
    """Refs in the format REFS: name and object."""
    return ((name, object_[:-1]) for name, object_ in rows(content, 2))


def tags(content: bytes) -> Iterator[TagRecord]:
    """Tags in the format TAGS. Those of a tag have no `commit` yet, those of no commit are left out."""
    for name, object_, kind, target, target_kind, tagger, message in rows(content, 7):
        short = name.removeprefix("refs/tags/")
        if kind == "commit":
            yield TagRecord(name=short, object=object_, commit=object_, annotated=False)
        elif target_kind in ("commit", "tag"):
            person, _, date = tagger.rpartition("> ")
            who, _, email = person.partition(" <")
            yield TagRecord(
                name=short,
                object=object_,
                commit=target if target_kind == "commit" else "",
                annotated=True,
                tagger=Person(name=who, email=email) if date else None,
                when=moment(date) if date else None,
                message=message[:-1],
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
            message=message[:-1],
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
