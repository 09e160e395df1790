"""The runner of documentation."""

from tests.support.console import blocks, regenerated

TEXT = """# Title

<!-- run: empty -->
```console
$ echo one > file; cat file
wrong
$ pwd
```

Words.

<!-- run: same slow -->

```console
$ cat file
```

```console
$ never run
```
"""


def test_only_marked_blocks_are_found() -> None:
    assert [(each.sandbox, each.slow, each.commands) for each in blocks(TEXT)] == [
        ("empty", False, ("echo one > file; cat file", "pwd")),
        ("same", True, ("cat file",)),
    ]


def test_output_is_replaced_by_what_is_printed_now() -> None:
    text = regenerated(TEXT)

    assert "$ echo one > file; cat file\none\n$ pwd\n~/credit\n```" in text
    assert "$ cat file\none\n```" in text
    assert "$ never run\n```" in text
    assert regenerated(text) == text


def test_slow_blocks_can_be_left_alone() -> None:
    assert "```console\n$ cat file\n```" in regenerated(TEXT, slow=False)
