"""GitLab, through python-gitlab with its own retries switched off."""

from mlci.forges.gitlab.forge import GitLab

__all__ = ["GitLab"]
