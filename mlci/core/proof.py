"""One promise of a version, and whether it is kept."""

from dataclasses import dataclass

from mlci.core.strictjson import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One promise: kept (`ok`), broken, or (None) not provable here; and why."""

    what: str
    ok: bool | None
    why: str

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {"what": self.what, "ok": self.ok, "why": self.why}
