"""What a model takes and says: columns with kinds, and classes. Who calls it must know when this changes."""

from collections.abc import Iterator, Mapping
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from mlci.core.digest import sha256
from mlci.core.strictjson import JsonValue, dumps

NUMBER = "number"
# A column without a single value, which may be of any kind the next time.
_EMPTY = "null"
# Whether a column is stored in 32 or 64 bits, or as a whole number this time, is nobody's business.
_KINDS = {
    ("Int", "UInt", "Float", "Decimal"): NUMBER,
    ("String", "Categorical", "Enum"): "text",
    ("Date", "Time", "Duration"): "moment",
}


class Signature(Struct, frozen=True, kw_only=True):
    """Columns that go in, by name, with their kinds; the classes that come out, or `number`."""

    takes: Mapping[str, str]
    predicts: tuple[str, ...]

    @classmethod
    def read(cls, document: JsonValue) -> Self | None:
        """The signature that a document holds; None when it holds none."""
        match document:
            case {"takes": dict(takes), "predicts": list(predicts)}:
                kinds = {name: kind for name, kind in takes.items() if isinstance(kind, str)}
                return cls(takes=kinds, predicts=tuple(each for each in predicts if isinstance(each, str)))
            case _:
                return None

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {"takes": dict(sorted(self.takes.items())), "predicts": list(self.predicts)}

    @property
    def digest(self) -> str:
        """What two signatures share only when they are one, whatever the order of columns and classes."""
        same = replace(self, predicts=tuple(sorted(self.predicts)))
        return f"sha256:{sha256(dumps(same.document()).encode())}"

    def changes(self, before: "Signature") -> Iterator[str]:
        """What is otherwise than before, in a few words each."""
        for name in sorted({*self.takes, *before.takes}):
            was, now = before.takes.get(name), self.takes.get(name)
            if was is None:
                yield f"takes {name} ({now}) too"
            elif now is None:
                yield f"takes no {name}"
            elif was != now and _EMPTY not in (was, now):
                yield f"takes {name} as {now}, not {was}"
        yield from (f"may say {each}" for each in self.predicts if each not in before.predicts)
        yield from (f"never says {each}" for each in before.predicts if each not in self.predicts)


def kind_of(column_type: str) -> str:
    """What a column holds, in words that no library's version changes."""
    for starts, kind in _KINDS.items():
        if column_type.startswith(starts):
            return kind
    return column_type.partition("(")[0].lower()
