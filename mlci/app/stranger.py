"""What a fork's change asks less of, by its commit and not by what the fork's own run says of it."""

import posixpath
from datetime import date

from msgspec.structs import replace

from mlci.app.bundle import Bundle
from mlci.app.comparison.range import ORIGIN
from mlci.app.configuration import read_configuration
from mlci.app.owed import given_up
from mlci.app.side.snapshot import Snapshot
from mlci.core.config import Config
from mlci.core.config.schema import FILE
from mlci.core.context import RunContext
from mlci.core.diff.findings import GATES
from mlci.core.diff.relaxed import RELAXED, WAIVERS, Answers, unknown_change
from mlci.core.evidence import DIFF
from mlci.core.finding import Finding
from mlci.core.yaml.node import CONFIG_LIMITS
from mlci.errors import MlciError
from mlci.ports.files import Files
from mlci.ports.git import Git

# What is found anew here.
_OURS = (RELAXED, WAIVERS, GATES)


def told_here(
    bundle: Bundle, context: RunContext, git: Git, files: Files, prefix: str, *, today: date
) -> Bundle:
    """What a fork's run left, with what its change asks less of as this side's code finds it.

    The evidence is the fork's own word, and could leave that out. Its commit is fetched as data, and never
    checked out; where it cannot be had, that is told. Whether a waiver forgives anything is told by its date
    alone: by his own evidence a stranger could say that it forgives nothing.
    """
    if context.head is None or context.conclusion is None or context.same_repository:
        return bundle
    own = _given_up(context.head, git, files, prefix, Answers(today=today))
    evidence = (
        replace(
            each,
            findings=(*(one for one in each.findings if one.check not in _OURS), *own),
        )
        if each.gate == DIFF
        else each
        for each in bundle.evidence
    )
    return replace(bundle, evidence=tuple(evidence))


def _given_up(head: str, git: Git, files: Files, prefix: str, answers: Answers) -> tuple[Finding, ...]:
    try:
        config = _configuration(head, git, prefix)
    except MlciError as error:
        return (unknown_change(error.message.partition("\n")[0]),)
    if config is None:
        return (unknown_change(f"its commit has no {FILE}"),)
    here = git.resolve("HEAD") or head
    base = git.merge_base(here, head) or here
    return given_up(Snapshot(git=git, files=files, prefix=prefix, commit=base), config, answers)


def _configuration(head: str, git: Git, prefix: str) -> Config | None:
    if git.resolve(head) is None:
        git.fetch(ORIGIN, head)
    (content,) = git.blobs([(head, posixpath.join(prefix, FILE))], limit=CONFIG_LIMITS.size)
    return None if content is None else read_configuration(content)[0]
