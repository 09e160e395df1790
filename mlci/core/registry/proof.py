"""One promise of a version, and whether it is kept."""

from msgspec import Struct

from mlci.core.strictjson import JsonValue


class Proof(Struct, frozen=True, kw_only=True):
    """One promise: kept (`ok`), broken, or (None) not provable here; and why."""

    what: str
    ok: bool | None
    why: str

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {"what": self.what, "ok": self.ok, "why": self.why}
