"""Single changes to a document, for properties that hold after any of them."""

from hypothesis import strategies as st

from mlci.core.strictjson import JsonValue

Way = tuple[str | int, ...]

WORDS = (
    "",
    "x",
    "a b",
    "15s",
    "5%",
    "new",
    "main",
    "binary",
    "exact",
    "2027-03-31",
    "m.json#/p",
    "../x",
    "yes",
)
_SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 9) | st.sampled_from((0.5, -1.5)) | st.sampled_from(WORDS)
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "path", "a b"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: JsonValue, way: Way = ()) -> list[Way]:
    """The way to every value of a document, its top first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(found for key, each in inner for found in places(each, (*way, key)))]


def replaced(value: JsonValue, way: Way, new: JsonValue) -> JsonValue:
    """The document with another value at the end of a way."""
    if not way:
        return new
    key, rest = way[0], way[1:]
    if isinstance(value, dict):
        return {**value, str(key): replaced(value[str(key)], rest, new)}
    if isinstance(value, list) and isinstance(key, int):
        return [*value[:key], replaced(value[key], rest, new), *value[key + 1 :]]
    raise KeyError(key)
