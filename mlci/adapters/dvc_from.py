"""DVC's own command line, with another default remote for this one run: `repro --pull` has no option for it.

`python -P -m mlci.adapters.dvc_from REMOTE ARGUMENTS…`
"""

import sys
from typing import Any

from dvc.cli import main
from dvc.cli.command import CmdBase
from dvc.repo import Repo


def _begin(self: CmdBase, args: Any) -> None:  # noqa: ANN401
    # Given when it is opened, a remote outlives that DVC reads its configuration anew.
    self.repo = Repo(remote=sys.argv[1])
    self.config = self.repo.config
    self.args = args


if __name__ == "__main__":
    CmdBase.__init__ = _begin
    raise SystemExit(main(sys.argv[2:]))
