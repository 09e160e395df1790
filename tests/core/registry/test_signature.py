import pytest

from mlci.core.registry.signature import Signature, kind_of

BEFORE = Signature(takes={"age": "number", "region": "text"}, predicts=("no", "yes"))


@pytest.mark.parametrize(
    ("takes", "predicts", "said"),
    [
        ({"region": "text", "age": "number"}, ("no", "yes"), []),
        ({"age": "text", "region": "text"}, ("no", "yes"), ["takes age as text, not number"]),
        (
            {"age": "number", "sex": "text"},
            ("no", "yes"),
            ["takes no region", "takes sex (text) too"],
        ),
        (BEFORE.takes, ("maybe", "no"), ["may say maybe", "never says yes"]),
    ],
)
def test_what_changed_is_said_and_only_then_is_the_digest_another(takes, predicts, said):
    now = Signature(takes=takes, predicts=predicts)
    assert list(now.changes(BEFORE)) == said
    assert (now.digest == BEFORE.digest) is (said == [])
    assert Signature.read(now.document()) == now


def test_the_order_of_classes_makes_no_other_signature():
    now = Signature(takes=BEFORE.takes, predicts=("yes", "no"))
    assert now.digest == BEFORE.digest
    assert now.document()["predicts"] == ["yes", "no"]


def test_a_column_without_a_value_may_be_of_any_kind():
    empty = Signature(takes={"age": kind_of("Null"), "region": "text"}, predicts=("no", "yes"))
    assert [*empty.changes(BEFORE), *BEFORE.changes(empty)] == []
    gone = Signature(takes={"region": "text"}, predicts=("no", "yes"))
    assert list(gone.changes(empty)) == ["takes no age"]


@pytest.mark.parametrize("document", [None, [], {}, {"takes": {}}, {"takes": [], "predicts": []}])
def test_what_is_no_signature_is_none(document):
    assert Signature.read(document) is None


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("Int64", "number"),
        ("UInt8", "number"),
        ("Float32", "number"),
        ("Decimal(precision=10, scale=2)", "number"),
        ("String", "text"),
        ("Enum(categories=['a'])", "text"),
        ("Datetime(time_unit='us', time_zone=None)", "moment"),
        ("Boolean", "boolean"),
        ("List(Int64)", "list"),
    ],
)
def test_a_column_keeps_its_kind_however_it_is_stored(column, kind):
    assert kind_of(column) == kind
