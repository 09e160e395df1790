"""What a diff amounts to: the findings of the gate `diff`, by which `mlci run` and `mlci diff` decide."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlci.app.commit import occasion_of
from mlci.app.diff import DiffRequest
from mlci.app.side.snapshot import Snapshot
from mlci.core.config import Config, Model
from mlci.core.config.schema import FILE
from mlci.core.diff import Diff, Occasion
from mlci.core.diff.findings import COVERAGE, OBJECTIVE, READABLE, VERDICT, findings, one_a_cause
from mlci.core.evidence import BIAS, DIFF, MODEL, Evidence
from mlci.core.finding import Finding
from mlci.core.schema import Problems
from mlci.core.waiver import waive
from mlci.errors import MlciError
from mlci.gates import Hands

if TYPE_CHECKING:
    from mlci.core.diff.relaxed import Answers


def occasion_between(request: DiffRequest) -> Occasion:
    """What is decided by a diff. Commits that are named are compared as a pull request is, also on main."""
    named = request.base is not None or request.head is not None
    return Occasion.PULL_REQUEST if named else occasion_of(request.context)


def judged(
    request: DiffRequest,
    found: Diff,
    hands: Callable[[], Hands],
    occasion: Occasion,
    *,
    beside: Sequence[Evidence] | None = None,
) -> tuple[Finding, ...]:
    """Every finding, the accepted ones with who accepted them.

    Where a model gate is configured, it tells of limits and of whole predictions, and the bias gate of these,
    too: their evidence stands `beside`. A diff that stands alone, without a gate run, tells so itself, under
    those gates' names, by which each is waived.
    """
    alone = beside is None
    has_gate = MODEL in request.config.gates
    limits = OBJECTIVE if not has_gate else f"{MODEL}.objective" if alone else None
    own = (*findings(found, occasion, limits=limits), *_whole(request, found, hands, alone=alone))
    waivers = request.config.waivers
    if not waivers:
        return one_a_cause((*own, *_given_up(request, found, occasion, None)))
    # A waiver stays: it forgives, too, what only warns here and is red where a version is asked for.
    to_come = findings(found, Occasion.PROMOTION, limits=None)
    answers = _answers((*own, *to_come), beside, hands().clock.now().date())
    told = (*own, *_given_up(request, found, occasion, answers))
    return one_a_cause(waive(told, waivers, answers.today))


def _answers(own: Sequence[Finding], beside: Sequence[Evidence] | None, today: date) -> "Answers":
    """What may be red, and of what that is all: a diff that stands alone asks little of what gates ask."""
    from mlci.core.diff.relaxed import Answers  # noqa: PLC0415 - few have waivers

    if beside is None:
        asked = frozenset({VERDICT, READABLE, OBJECTIVE, f"{MODEL}.objective"})
        return Answers(today=today, findings=own, asked=asked)
    findings = (*own, *(one for each in beside for one in each.findings))
    return Answers(today=today, findings=findings, asked=frozenset({DIFF, *(each.gate for each in beside)}))


def _whole(
    request: DiffRequest, found: Diff, hands: Callable[[], Hands], *, alone: bool
) -> Iterator[Finding]:
    """Whether predictions are whole, asked of those in the work tree; alone, of what lies there."""
    if MODEL not in request.config.gates:
        check = COVERAGE
    elif alone:
        check = f"{MODEL}.coverage"
    else:
        return
    predicting = [each for each in request.config.models.values() if each.predictions is not None]
    if found.head is not None or not predicting:
        return
    from mlci.app.wholeness import wholeness  # noqa: PLC0415

    here = [each for each in predicting if not alone or _is_here(each, hands())]
    told = tuple(wholeness(request.config, request.context, hands(), here, check=check))
    yield from told
    if alone and BIAS in request.config.gates:
        asked = _tested_for_bias(request.config)
        yield from (replace(each, check=f"{BIAS}.coverage") for each in told if each.subject in asked)


def _tested_for_bias(config: Config) -> frozenset[str]:
    from mlci.gates.bias.options import OPTIONS, models_of  # noqa: PLC0415 - likewise

    options = OPTIONS.read(config.gates[BIAS], Problems())
    return frozenset(each.name for each in models_of(config, options))


def _is_here(model: Model, hands: Hands) -> bool:
    """Whether the files lie here that a run would have brought."""
    try:
        return all(hands.files.exists(each) for each in (model.predictions, model.test) if each)
    except MlciError:
        return True  # something stands there; whoever reads it says what is wrong with it


def _given_up(
    request: DiffRequest, found: Diff, occasion: Occasion, answers: "Answers | None"
) -> tuple[Finding, ...]:
    """What a change asks less of; on main nobody is asked about it any more."""
    if found.base is None or occasion is not Occasion.PULL_REQUEST:
        return ()
    behind, ahead = (
        Snapshot(git=request.git, files=request.files, prefix=request.prefix, commit=each)
        for each in (found.base, found.head)
    )
    if _is_same(behind, ahead):
        return ()
    from mlci.app.owed import given_up  # noqa: PLC0415 - most changes leave mlci.yaml as it is

    return given_up(behind, request.config, answers)


def _is_same(behind: Snapshot, ahead: Snapshot) -> bool:
    """Whether both have one and the same configuration."""
    try:
        content = behind.read(FILE)
        return content is not None and content == ahead.read(FILE)
    except MlciError:
        return False  # it is told where it is compared
