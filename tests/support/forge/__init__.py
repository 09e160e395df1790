"""A forge on 127.0.0.1: real Git over HTTP, and so much of GitHub's and GitLab's API as mlci speaks.

    with serving(tmp_path) as forge:
        project = forge.create("acme/credit")
        ...push to project.url, run something against forge.github_api...
        assert project.pulls[1].comments == []

Unknown routes and bad requests are refused and remembered in `forge.surprises`; leaving the block fails
when there are any.
"""

from tests.support.forge import events
from tests.support.forge.faults import Fault, Harm
from tests.support.forge.server import BOT, TOKEN, Forge, serving
from tests.support.forge.state import Comment, Project, Pull

__all__ = ["BOT", "TOKEN", "Comment", "Fault", "Forge", "Harm", "Project", "Pull", "events", "serving"]
