"""Git's objects from one `git cat-file` that goes on: a question costs no process, many cost one turn."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from posixpath import normpath
from typing import NamedTuple, cast

from mlci.errors import WorldError
from mlci.ports.git import TreeEntry
from mlci.ports.process import Dialogue

_HEADER = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([a-z]+) ([0-9]+)\n")
_SUBMODULE = rb"[0-9a-f]+ submodule\n"
_BY_STEPS = rb"(?s:(?:(?:[^:{]|\{[^}]*\})+:|:(?:[0-3]:)?)(\.{1,2}/.*))"
_TREE = b"40000"
_FOREVER = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LINK = b"160000"  # to a commit of another repository, which need not be here
_LONGEST = 32 * 1024  # what a pipe takes at once, whoever reads it
_QUESTION, _NOW = b"contents %b\0", b"flush\0"
_WORTH_HEARING = 1024 * 1024  # of an answer that nobody wants: a new child costs less than more of it
_MOST_ENTRIES = 1_000_000  # of a tree: what names more is made to fill somebody's memory
_CODEC = ("utf-8", "surrogateescape")
_Names = dict[bytes, tuple[bytes, str]]


class Found(NamedTuple):
    """One object: its name, its kind (`blob`, `tree`, `commit`, `tag`) and its bytes."""

    name: str
    kind: bytes
    content: bytes


class Objects:
    """Answers by whatever Git understands as a name: `v1^{commit}`, `main:dvc.lock`, forty digits.

    Git is started with the first question, and anew after one that failed.
    """

    def __init__(self, start: Callable[[], Dialogue], *, limit: int) -> None:
        self._start = start
        self._limit = limit
        self._dialogue: Dialogue | None = None
        self._announced: deque[bytes] = deque()
        self._asked: deque[bytes] = deque()
        self._seen: dict[str, str] = {}
        self._walked: set[str] = set()
        self._aside: Objects | None = None
        self._tops: dict[str, str] = {}
        self._directories: dict[str, _Names] = {}

    def begin(self) -> None:
        """Start Git, for who is going to ask and has other things to do before."""
        if self._dialogue is None or not self._dialogue.open:
            self._asked.clear()
            self._dialogue = self._start()

    def announce(self, names: Iterable[str]) -> None:
        """What will be asked next, in this order: many questions then share one turn of the talk.

        A hint. Whoever asks otherwise is answered all the same.
        """
        self._announced = deque(filter(_can_be_asked, map(self._question, names)))

    def find(self, name: str, *, limit: int | None = None) -> Found | None:
        """The object of a name, or None where there is none. Raises WorldError when Git fails.

        What a commit names and Git cannot read is damage, which Git also calls "missing".
        """
        asked = self._question(name)
        if not _can_be_asked(asked):
            return None
        if asked.startswith(b":"):
            self.forget()  # a child keeps the index that it has read
        if self._asked and self._asked[0] != asked:
            self._pass_over()
        self.begin()
        dialogue = cast("Dialogue", self._dialogue)
        try:
            self._ask(dialogue, asked)
            found = self._answer(dialogue, asked, self._limit if limit is None else limit, name)
        except BaseException as error:
            self.forget()  # what is left of the answer would be taken for that to the next question
            if isinstance(error, WorldError) and error.id == "program-silent":
                error.help = "git fsck"
            raise
        if found is None and (lost := self._lost(name)):
            raise _damaged(name.partition(":")[2] or name, lost)
        return found

    def _question(self, name: str) -> bytes:
        """A file of a tree that was walked is asked for by its object: Git need not walk there again."""
        return self._seen.get(name, name).encode(*_CODEC)

    def forget(self) -> None:
        """Start anew with the next question: what a child has read of history and index may have changed."""
        self._asked.clear()
        if self._dialogue is not None:
            self._dialogue.end()
        if self._aside is not None:
            self._aside.forget()

    def _pass_over(self) -> None:
        """Read the answers that were asked ahead and that nobody wants; hang up on a large one."""
        while self._asked and self._dialogue:
            try:
                self._answer(self._dialogue, self._asked.popleft(), _WORTH_HEARING, "")
            except WorldError:
                self.forget()

    def _ask(self, dialogue: Dialogue, asked: bytes) -> None:
        """Ask, unless it was asked ahead."""
        if not self._asked:
            self._asked.extend(self._turn(asked))
            dialogue.say(b"".join(_QUESTION % each for each in self._asked) + _NOW)
        self._asked.popleft()

    def _turn(self, asked: bytes) -> Iterator[bytes]:
        """The question, and of those announced right after it as many as a pipe takes at once."""
        size = len(_QUESTION % asked) + len(_NOW)
        yield asked
        if asked not in self._announced:
            return
        while self._announced.popleft() != asked:
            pass
        while self._announced and (size := size + len(_QUESTION % self._announced[0])) <= _LONGEST:
            yield self._announced.popleft()

    def _answer(self, dialogue: Dialogue, asked: bytes, limit: int, name: str) -> Found | None:
        said = dialogue.line()
        header = _HEADER.fullmatch(said)
        if header is None:
            # It repeats the name, which may go over several lines, and says what is wrong with it.
            while len(said) <= len(asked) and not re.fullmatch(_SUBMODULE, said):
                said += dialogue.line()
            return None
        size = int(header[3])
        if size > limit:
            path = name.partition(":")[2]
            raise WorldError(f"{path} is larger than {limit // 1024**2} MiB", id="file-too-large")
        content = dialogue.take(size)
        if dialogue.take(1) != b"\n":
            raise WorldError("git cat-file answers with something else than was asked", id="git-failed")
        return Found(header[1].decode("ascii"), header[2], content)

    def _lost(self, name: str) -> str | None:
        """The object that Git should have read for `commit:path`, when that commit names one."""
        if name in self._seen:
            return self._seen[name]
        commit, colon, path = name.partition(":")
        if not commit or not colon:
            return None  # the name itself is unknown, or the index is asked
        # Another child is asked: this one still holds the answers to what was asked ahead.
        self._aside = self._aside or Objects(self._start, limit=self._limit)
        return self._aside._led(commit, path)

    def _led(self, commit: str, path: str) -> str | None:
        """The object that a path leads to, or the first one on the way that cannot be read."""
        mode, name = _TREE, self._top(commit)
        for label in path.encode(*_CODEC).split(b"/") if path else ():
            if name is None or mode != _TREE:
                return None
            below = self._directory(name)
            if below is None:
                break
            mode, name = below.get(label, (_TREE, None))
        return name

    def _top(self, commit: str) -> str | None:
        """The tree of a commit, when there is such a commit."""
        if commit in self._tops:
            return self._tops[commit]
        found = self.find(f"{commit}^{{commit}}")
        top = found.content[len(b"tree ") :].partition(b"\n")[0].decode("ascii") if found else None
        if top and _FOREVER.fullmatch(commit):
            self._tops[commit] = top
        return top

    def _directory(self, tree: str) -> _Names | None:
        """What a tree names, submodules aside; None where it cannot be read."""
        if tree in self._directories:
            return self._directories[tree]
        found = self.find(tree)
        if found is None:
            return None
        names = {label: (mode, each.hex()) for mode, label, each in _entries(found) if mode != _LINK}
        self._directories[tree] = names
        return names

    def files(self, name: str) -> list[TreeEntry]:
        """Every file below a tree, sorted by path. Raises WorldError for more than anybody keeps in Git."""
        found = list(islice(self._walk(self.find(name)), _MOST_ENTRIES + 1))
        if len(found) > _MOST_ENTRIES:
            raise WorldError(
                f"{name} names more than {_MOST_ENTRIES:,} files",
                id="tree-too-large",
                help="mlci explain tree-too-large",
            )
        found.sort(key=lambda entry: entry.path.encode(*_CODEC))
        commit, _, below = name.partition(":")
        if _FOREVER.fullmatch(commit):
            start = f"{commit}:{below}/" if below else f"{commit}:"
            self._seen |= {start + each.path: each.object for each in found if each.mode != _LINK.decode()}
            self._walked.add(start)
        return found

    def lacks(self, name: str) -> bool:
        """Whether a tree that was walked is known to have no such file."""
        commit, _, path = name.partition(":")
        if name in self._seen or normpath(path) != path:
            return False  # Git may find it by another spelling
        return any(name.startswith(each) for each in self._walked if each.startswith(commit))

    def _walk(self, top: Found | None) -> Iterator[TreeEntry]:
        pending = [("", top)]
        while pending:
            above, tree = pending.pop()
            for mode, label, digest in _entries(tree) if tree and tree.kind == b"tree" else ():
                path = above + label.decode(*_CODEC)
                if mode != _TREE:
                    yield TreeEntry(path=path, mode=mode.decode("ascii"), object=digest.hex())
                elif (below := self.find(digest.hex())) is not None:
                    pending.append((f"{path}/", below))
                else:
                    raise _damaged(path, digest.hex())


def _can_be_asked(name: bytes) -> bool:
    """Whether anything may be called so: else the answer could be taken for that to another question."""
    fits = len(name) <= _LONGEST and b"\0" not in name and b"\n" not in name.partition(b":")[0]
    return fits and not (b":." in name and _leads_outside(name))


def _leads_outside(name: bytes) -> bool:
    """Whether a path goes by steps from where Git works to a place above it, which ends Git."""
    steps = re.fullmatch(_BY_STEPS, name)
    return steps is not None and (normpath(steps[1]) + b"/").startswith(b"../")


def _entries(tree: Found) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Mode, name and object of each entry; the object is as long as the tree's own name."""
    one = re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % (len(tree.name) // 2), re.DOTALL)
    return (entry.groups() for entry in one.finditer(tree.content))  # type: ignore[misc]


def _damaged(path: str, name: str) -> WorldError:
    return WorldError(
        f"Git cannot read its object {name} ({path}): it is damaged or gone",
        id="object-damaged",
        help="git fsck",
    )
