"""The folder is the registration."""

from mlci import gates


def test_every_gate_can_be_had_again_after_all_are_imported() -> None:
    once = [gates.gate(each) for each in gates.ids()]
    again = [gates.gate(each) for each in gates.ids()]

    assert [gate.id for gate in once] == list(gates.ids())
    assert again == once
