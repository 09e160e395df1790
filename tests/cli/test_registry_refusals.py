"""What `mlci reconcile` prints when a rule does not grant a wish."""

from mlci.errors import Exit
from tests.support.program import run_mlci
from tests.support.repository import repository

CONFIG = """\
version: 1
project: credit
models:
  income: {path: model.txt, task: binary}
environments:
  prod: {}
"""


def test_a_refusal_is_not_nothing_to_do(tmp_path):
    story = repository(tmp_path / "work")
    story.commit({"mlci.yaml": CONFIG, "environments/prod.yaml": "income: v9.9.9\n"}).remote()
    ended = run_mlci("reconcile", cwd=story.path)
    assert ended.code == Exit.REFUSED, ended
    asked = "environments/prod.yaml asks for income v9.9.9, which was never registered"
    assert ended.stdout == f"1 refused: {asked}\n"


def test_a_withdrawn_version_is_resolved_with_the_mark(tmp_path):
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG}).remote()
    for tag in ("income@v0.1.0", "income@v0.1.0!#1"):
        story.git("tag", "--annotate", "--message", "x", tag)
    assert "v0.1.0 (withdrawn)" in run_mlci("resolve", "income@v0.1.0", cwd=story.path).stdout


def test_what_was_withdrawn_is_not_withdrawn_again_and_nothing_is_told_of_no_version(tmp_path):
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG}).remote()
    for tag in ("income@v0.1.0", "income@v0.1.0!#1"):
        story.git("tag", "--annotate", "--message", "x", tag)
    story.git("push", "--quiet", "--tags", "origin")
    again = run_mlci("retire", "income@v0.1.0", "--reason", "old", cwd=story.path)
    assert again.code == Exit.DONE, again
    assert again.stdout == "income@v0.1.0 was withdrawn already: mlci audit income tells when and why\n"
    unknown = run_mlci("audit", "income", "--version", "v7.0.0", cwd=story.path)
    assert (unknown.code, unknown.stdout) == (Exit.REFUSED, "")
    assert "nothing ever happened to income@v7.0.0" in unknown.stderr
