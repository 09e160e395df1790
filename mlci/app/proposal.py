"""Bring a promotion before reviewers: a branch with the one changed line, and its pull request."""

from msgspec import Struct

from mlci.app.promote import Promotion, stops
from mlci.app.registry.ledger import Ledger
from mlci.app.registry.situation import path_of
from mlci.core.plan import FileWrite
from mlci.core.registry.fold import shown
from mlci.core.strictjson import JsonValue
from mlci.errors import ForgeError
from mlci.ports.forge import Forge
from mlci.ports.git import PushOutcome, RefUpdate

NOBODY = "notes"


class Proposal(Struct, frozen=True, kw_only=True):
    """A pushed branch that asks for a version; `url` is its pull request, empty without a forge."""

    promotion: Promotion
    branch: str
    base: str
    url: str = ""
    pushed: bool = True

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        document = self.promotion.document()
        facts: dict[str, JsonValue] = {"branch": self.branch, "pull_request": self.url or None}
        return {**document, **facts} if isinstance(document, dict) else facts

    @property
    def lines(self) -> list[str]:
        """What was done and what comes next."""
        asked = self.promotion
        if not asked.plan.pending:
            return [f"{asked.environment} is asked to run {asked.model} {asked.version} already"]
        if not self.pushed:
            said = f"{self.branch} would be pushed, with a pull request: {title_of(asked)}"
            return [said, *stops(asked)]
        if self.url:
            return [f"{title_of(asked)}: {self.url}", *stops(asked), "merging it makes it so"]
        return [
            f"{self.branch} is ready, and there is no forge to open a pull request at",
            *stops(asked),
            f"open one into {self.base}, or type: git switch {self.base} && git merge {self.branch}",
        ]


def propose(ledger: Ledger, forge: Forge, prefix: str, asked: Promotion, *, write: bool = True) -> Proposal:
    """Push the branch and open its pull request. A second run finds both and changes neither."""
    branch = branch_of(asked)
    if not asked.plan.pending or not write:
        return Proposal(promotion=asked, branch=branch, base=ledger.branch, pushed=False)
    _push(ledger, prefix, asked, branch)
    if forge.id == NOBODY:
        return Proposal(promotion=asked, branch=branch, base=ledger.branch)
    try:
        opened = forge.open_pull_request(
            branch=branch, base=ledger.branch, title=title_of(asked), body=_body(asked)
        )
    except ForgeError as error:
        raise _not_opened(branch, ledger.branch, error) from error
    return Proposal(promotion=asked, branch=branch, base=ledger.branch, url=opened.url)


def _not_opened(branch: str, base: str, error: ForgeError) -> ForgeError:
    """What stands already, and what is left to do: many servers let no job open a pull request."""
    return ForgeError(
        f"{branch} is pushed, but no pull request could be opened for it: {error.message}",
        id=error.id,
        where=branch,
        help=f"open one into {base} by hand, or let this job open pull requests and run it again",
    )


def branch_of(asked: Promotion) -> str:
    """The branch of a promotion, always the same for the same wish."""
    return f"promote/{asked.environment}/{asked.model.replace(':', '/')}-{asked.version}"


def title_of(asked: Promotion) -> str:
    """The one line that says what is asked for; its words come from the grammar of tags."""
    return f"Run {asked.model} {asked.version} in {asked.environment}"


def _push(ledger: Ledger, prefix: str, asked: Promotion, branch: str) -> None:
    ref = f"refs/heads/{branch}"
    files = {
        path_of(prefix, each.path): each.content for each in asked.plan.pending if isinstance(each, FileWrite)
    }
    there = ledger.git.remote_refs(ledger.remote, ref).get(ref, "")
    if there:
        ledger.git.fetch(ledger.remote, ref)
        if list(ledger.git.blobs([(there, path) for path in files])) == list(files.values()):
            return
    made = ledger.git.write_commit(
        files, parent=asked.base, message=f"{title_of(asked)}\n", when=ledger.clock.now()
    )
    result = ledger.git.push(ledger.remote, [RefUpdate(ref=ref, new=made, expect=there)])
    if result.outcome is not PushOutcome.DONE:
        raise ForgeError(
            f"{ledger.remote} does not take {branch}: {result.message.strip()}",
            id="push-refused",
            where=ref,
            help="run it again; if it is refused again, let this token push branches",
        )


def _body(asked: Promotion) -> str:
    before = f"It runs {shown(asked.before)} now." if asked.before else "It runs no version now."
    return (
        f"Merging this asks {asked.environment} to run {asked.model} {asked.version}. {before}\n\n"
        "The required check says whether it may. Closing it changes nothing.\n"
    )
