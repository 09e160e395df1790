"""What a run owes an answer on, and what of it is not there."""

from msgspec import Struct

from mlci import gates
from mlci.app.bundle import Bundle
from mlci.app.configuration import read_configuration
from mlci.app.side.snapshot import Snapshot
from mlci.core.config import Config
from mlci.core.config.schema import FILE
from mlci.core.diff.relaxed import Answers, relaxed, unknown_base
from mlci.core.evidence import DIFF, PIPELINE
from mlci.core.finding import Finding
from mlci.core.strictjson import JsonValue
from mlci.errors import MlciError

# What a run leaves beside the gates: the diff's findings, and whether the lock was right.
BESIDE_GATES = frozenset({DIFF, PIPELINE})
# Where the pipeline's evidence keeps the gates that the run's own mlci.yaml asks for.
_FIGURE = "owed"


class Missing(Struct, frozen=True, kw_only=True):
    """Evidence that is owed and not there: what did not run, and gates that the change itself removed."""

    unrun: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of it, sorted."""
        return tuple(sorted((*self.unrun, *self.removed)))


def owing(config: Config) -> dict[str, JsonValue]:
    """The figure by which a run's evidence says what its own configuration asks for."""
    return {_FIGURE: [*sorted(config.gates)]}


def missing_from(bundle: Bundle, config: Config) -> Missing:
    """What a whole run leaves and this one did not, by what is asked here and by what the run says itself.

    Evidence may be a stranger's, judged by the configuration that his change would replace: what he says
    can add to what is owed, and takes nothing from it.
    """
    own = _said(bundle)
    # Gates alone, or stages alone, are a part of a run: nobody compared, or nobody looked at the lock.
    absent = (BESIDE_GATES | config.gates.keys() | (own or frozenset())) - {
        each.gate for each in bundle.evidence
    }
    removed = frozenset() if own is None else absent - own - BESIDE_GATES
    return Missing(unrun=tuple(sorted(absent - removed)), removed=tuple(sorted(removed)))


def given_up(base: Snapshot, config: Config, answers: Answers | None = None) -> tuple[Finding, ...]:
    """One finding on each thing that the base's configuration asks for and this one does not, or less of."""
    try:
        content = base.read(FILE)
        before = None if content is None else read_configuration(content)[0]
    except MlciError as error:
        return (unknown_base(f"its {FILE} cannot be read ({error.id})"),)
    return tuple(relaxed(before, config, answers)) if before else (unknown_base(f"it has no {FILE} here"),)


def _said(bundle: Bundle) -> frozenset[str] | None:
    """The gates that the run says it owes; None when it does not say. No gate of ours is no answer."""
    figures = (each.figures for each in bundle.evidence if each.gate == PIPELINE)
    named = next(figures, {}).get(_FIGURE)
    return frozenset(gates.ids()) & {str(each) for each in named} if isinstance(named, list) else None
