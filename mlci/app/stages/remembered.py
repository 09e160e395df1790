"""What large outputs in the work tree hash to, for who only looks: a run hashes them, and so does CI."""

from posixpath import join

from msgspec import Struct

from mlci.app.stages.ground import Ground
from mlci.app.stages.hashing import Hashes, read_memory, write_memory
from mlci.core.dvc.files import Hashed
from mlci.ports.worktree import Kind


class Remembered(Struct, frozen=True, kw_only=True):
    """Hashes that are known from earlier commands, as long as size, inode and times are what they were."""

    ground: Ground
    hashes: Hashes

    @classmethod
    def on(cls, ground: Ground) -> "Remembered":
        """What plans left at a place, to be added to."""
        memory = read_memory(ground.project)
        return cls(
            ground=ground,
            hashes=Hashes(tree=ground.tree, clock=ground.clock, progress=ground.progress, memory=memory),
        )

    def of(self, path: str, recorded: Hashed) -> str | None:
        """The hash of an output that lies here; None where another must look."""
        entry = self.ground.tree.entry(join(self.ground.prefix, path))
        if entry is None or (entry.kind is Kind.DIRECTORY) is not recorded.is_directory:
            return None
        if entry.kind is Kind.DIRECTORY:
            return self.hashes.directory(entry.path, legacy=recorded.legacy)
        return self.hashes.file(entry, legacy=recorded.legacy) if entry.kind is Kind.FILE else None

    def keep(self) -> None:
        """Leave what was learned for the next command."""
        write_memory(self.ground.project, self.hashes.memory)
