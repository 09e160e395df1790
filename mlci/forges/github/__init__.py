"""GitHub, through PyGithub with its own retries switched off."""

from mlci.forges.github.forge import GitHub

__all__ = ["GitHub"]
