"""What Git's plumbing says, as values. Every name may hold any byte but NUL."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from mlci.ports.git import CommitRecord, Person, RefUpdate, Signature, TagRecord
from mlci.ports.process import Finished

# Only what stands in the tag itself: `*objectname` and its like open every commit as well.
TAGS = "%00%(refname)%00%(objectname)%00%(objecttype)%00%(object)%00%(type)%00%(tagger)%00"
MESSAGE = "%(contents)"
_EPOCH = datetime.fromtimestamp(0, UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_TAGS = "refs/tags/"
REFS = "%00%(refname)%00%(objectname)"

# An author names any; of Python's codecs some take forever, and some make what is no text.
_ENCODINGS = (
    "utf-?8|latin-?1|iso-?8859-?[0-9]{1,2}|(cp|windows-?)125[0-8]|koi8-[ru]"
    "|euc-?(jp|kr)|shift-?jis|sjis|iso-?2022-?jp|gb2312|gbk|gb18030|big5"
)


def text(content: bytes) -> str:
    """Bytes of any encoding as text that turns back into the same bytes."""
    return content.decode("utf-8", "surrogateescape")


def rows(content: bytes, width: int) -> Iterator[tuple[str, ...]]:
    """Rows of fields, each after a NUL; the last one of a row keeps the newline behind it."""
    _, *fields = text(content).split("\0")
    return zip(*[iter(fields)] * width, strict=False)


def rows_as_they_come(pieces: Iterable[bytes], width: int) -> Iterator[tuple[str, ...]]:
    """The same rows of a text that comes in pieces: while Git finds the next ones, these are understood."""
    held = bytearray()
    fresh = 0
    for piece in pieces:
        held += piece
        fresh += len(piece)
        if 2 * fresh < len(held):
            continue  # a row of many pieces is not looked through for each of them
        fresh = 0
        fields = bytes(held).split(b"\0")
        whole = max(0, len(fields) - 2) // width  # the last field of a row ends where the next row begins
        if whole:
            end = 1 + whole * width
            yield from rows(b"\0".join(fields[:end]), width)
            held = bytearray(b"\0" + b"\0".join(fields[end:]))
    yield from rows(bytes(held), width)


def refs(content: bytes) -> Iterator[tuple[str, str]]:
    """Refs in the format REFS: name and object."""
    return ((name, object_[:-1]) for name, object_ in rows(content, 2))


def tags(pieces: Iterable[bytes]) -> Iterator[TagRecord]:
    """Tags in the format TAGS. Those of a tag have no `commit` yet, those of no commit are left out."""
    return filter(None, (_tag(*row) for row in rows_as_they_come(pieces, 7)))


def tag(name: str, object_: str, kind: bytes, content: bytes) -> TagRecord | None:
    """The same from the object that a tag's ref names."""
    head, _, body = text(content).partition("\n\n")
    headers = dict(line.partition(" ")[::2] for line in head.split("\n")) if kind == b"tag" else {}
    target, target_kind, tagger = (headers.get(each, "") for each in ("object", "type", "tagger"))
    message = body.lstrip("\n") + "\n"
    return _tag(name, object_, kind.decode("ascii"), target, target_kind, tagger, message)


def unreadable_tag(name: str, object_: str) -> TagRecord:
    """A tag of which nothing is known but its ref."""
    return TagRecord(name=name.removeprefix(_TAGS), object=object_, commit="", annotated=True)


def _tag(
    name: str, object_: str, kind: str, target: str, target_kind: str, tagger: str, message: str
) -> TagRecord | None:
    short = name.removeprefix(_TAGS)
    if kind == "commit":
        return TagRecord(name=short, object=object_, commit=object_, annotated=False)
    if target_kind not in ("commit", "tag"):
        return None
    who, when = _signed(tagger)
    return TagRecord(
        name=short,
        object=object_,
        commit=target if target_kind == "commit" else "",
        annotated=True,
        tagger=who,
        when=when,
        message=message[:-1],
    )


def commit(sha: str, content: bytes) -> CommitRecord:
    """A commit's own object. Its headers may go on over several lines, and name the encoding of its text."""
    head, _, body = content.partition(b"\n\n")
    lines = [line.partition(b" ")[::2] for line in head.split(b"\n")]
    headers = dict(reversed(lines))
    encoding = headers.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, _ = _signed(_decoded(headers.get(b"author", b""), encoding))
    committer, when = _signed(_decoded(headers.get(b"committer", b""), encoding))
    return CommitRecord(
        sha=sha,
        parents=tuple(value.decode("ascii", "replace") for key, value in lines if key == b"parent"),
        author=author or Person(name="", email=""),
        committer=committer or Person(name="", email=""),
        when=when or _EPOCH,
        message=_decoded(body, encoding).lstrip("\n"),
    )


def _signed(line: str) -> tuple[Person | None, datetime | None]:
    """Who and when: `Ana <ana@example.org> 1760000000 +0200`. One without a date is nobody's."""
    person, _, date = line.rpartition("> ")
    name, _, email = person.partition(" <")
    return (Person(name=name, email=email), moment(date)) if date and person else (None, None)


def _decoded(content: bytes, encoding: str) -> str:
    plain = encoding.lower().replace("_", "-")
    if not re.fullmatch(_ENCODINGS, plain):
        return text(content)
    try:
        return content.decode(plain)
    except (LookupError, ValueError):
        return text(content)


def ref_update(update: RefUpdate) -> str:
    """One command of `update-ref --stdin -z`."""
    if update.new is None:
        return f"delete {update.ref}\0{update.expect or ''}\0"
    if update.expect == "":
        return f"create {update.ref}\0{update.new}\0"
    return f"update {update.ref}\0{update.new}\0{update.expect or ''}\0"


def moment(raw: str) -> datetime:
    """Git's raw date. One beyond the calendar is its end; what is no date is the epoch, as Git has it."""
    seconds, _, zone = raw.partition(" ")
    try:
        count = int(seconds)
    except ValueError:
        return _EPOCH
    try:
        return datetime.fromtimestamp(count, _zone(zone))
    except (ValueError, OverflowError, OSError):
        return _LAST if count > 0 else _EPOCH


@lru_cache
def _zone(text: str) -> timezone:
    try:
        return timezone(timedelta(hours=int(text[:3]), minutes=int(text[0] + text[3:]))) if text else UTC
    except ValueError:
        return UTC


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
