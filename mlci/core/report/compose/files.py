"""The data, models and stages that changed, and the notes on a comparison, as folded parts of a report."""

from collections.abc import Sequence

from mlci.core.diff import Diff, FileDiff, FileState, Inside, StageDiff
from mlci.core.report import Block, Cell, Column, Item, Items, Section, Table, Text, code, prose, words
from mlci.core.report.compose.extent import Extent, is_cut
from mlci.core.report.compose.headline import base_title
from mlci.core.wording import NOTHING, count


def sections(diff: Diff, extent: Extent) -> tuple[Section | None, ...]:
    """Return the files, the stages and the notes, each where there are any."""
    return (_files(diff.files, base_title(diff), extent.columns), _stages(diff), _notes(diff))


def _files(files: Sequence[FileDiff], base: str, most: int | None) -> Section | None:
    if not files:
        return None
    columns = (Column(title="file"), Column(title="kind"), Column(title=base), Column(title="this change"))
    rows = tuple(
        (
            Cell(text=code(each.path)),
            Cell(text=words(each.artifact.value)),
            Cell(text=words(_state(each.base))),
            Cell(text=words(_state(each.head))),
        )
        for each in files
    )
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    items = [Item(text=_inside(each)) for each in files if each.inside]
    items += [Item(text=_columns(each, most)) for each in files if each.columns]
    if items:
        blocks.append(Items(items=tuple(items)))
    return Section(
        title="Data and models", blocks=tuple(blocks), summary=words(f"{len(rows):,} changed"), folded=True
    )


def _inside(file: FileDiff) -> Text:
    """Return what came, went and changed inside a directory."""
    found = file.inside or Inside()
    parts = [
        f"{count(amount, 'file')} {word}"
        for amount, word in ((found.added, "new"), (found.removed, "gone"), (found.changed, "changed"))
        if amount
    ]
    if found.rows_added is not None and found.rows_removed is not None:
        parts.append(f"{count(found.rows_added, 'row')} more, {found.rows_removed:,} less")
    if found.unknown:
        parts.append(f"rows n/a: {found.unknown}")
    return (*code(file.path), *words(": "), *prose(", ".join(parts) or "nothing"))


def _columns(file: FileDiff, most: int | None) -> Text:
    """Return which columns of a table came, went, or hold something else now."""
    text: Text = (*code(file.path), *words(": "))
    for at, each in enumerate(file.columns[:most]):
        moved = "new" if each.base is None else "gone" if each.head is None else f"{each.base} → {each.head}"
        text = (*text, *words(", " if at else ""), *code(each.name), *words(f" {moved}"))
    if most is None or not is_cut(len(file.columns), most):
        return text
    return (*text, *words(f", {len(file.columns) - most:,} more"))


def _state(state: FileState | None) -> str:
    if state is None:
        return NOTHING
    parts = [state.hash[:10]]
    if state.rows is not None:
        parts.append(count(state.rows, "row"))
    if state.size is not None:
        parts.append(count(state.size, "byte"))
    if state.files is not None:
        parts.append(count(state.files, "file"))
    return ", ".join(parts)


def _stages(diff: Diff) -> Section | None:
    if not diff.stages:
        return None
    items = tuple(Item(text=(*code(each.name), *words(f" {_why(each)}"))) for each in diff.stages)
    return Section(
        title="Pipeline", blocks=(Items(items=items),), summary=words(count(len(items), "stage")), folded=True
    )


def _why(stage: StageDiff) -> str:
    """Return what became of a stage, why, and whether that has run."""
    because = f": {', '.join(stage.because)}" if stage.because else ""
    return f"{stage.move.value}{because}{' (declared, not run yet)' if stage.pending else ''}"


def _notes(diff: Diff) -> Section | None:
    if not diff.notes:
        return None
    return Section(
        title="Notes",
        blocks=(Items(items=tuple(Item(text=words(each)) for each in diff.notes)),),
        summary=words(count(len(diff.notes), "note")),
        folded=True,
    )
