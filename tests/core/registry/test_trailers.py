import subprocess

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.registry import trailers
from mlci.core.registry.trailers import Message

keys = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=()), max_size=40)


@given(texts.filter(bool), st.lists(st.tuples(keys, texts), max_size=5))
def test_what_is_written_is_read_back(sentence, pairs):
    message = Message(sentence=sentence, trailers=tuple(pairs))
    assert trailers.parse(str(message)) == message


@given(texts)
def test_a_value_never_leaves_its_line(value):
    text = str(Message(sentence="Register income", trailers=(("Actor", value), ("Version", "v1.0.0"))))
    assert len(text.splitlines()) == 4
    assert trailers.parse(text).all("Version") == ("v1.0.0",)


def test_git_reads_the_same_trailers():
    message = Message(
        sentence="Register income", trailers=(("Version", "v1.0.0"), ("Metric", "auc=0.9 [0.8, 0.95]"))
    )
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=str(message).encode(), capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines() == ["Version: v1.0.0", "Metric: auc=0.9 [0.8, 0.95]"]


def test_a_signature_is_no_part_of_it():
    signature = "-----BEGIN SSH SIGNATURE-----\nVersion: v9\n-----END SSH SIGNATURE-----\n"
    signed = f"Register income\n\nVersion: v1.0.0\n{signature}"
    assert trailers.parse(signed).trailers == (("Version", "v1.0.0"),)


def test_a_message_of_somebody_else_has_no_trailers():
    assert trailers.parse("Registering artifact m version v1.0.0").trailers == ()
    assert trailers.parse("").sentence == ""
