"""Iterative's `cml` program as the poster, for those who have it in their images already."""

from mlci.forges.cml.forge import Cml

__all__ = ["Cml"]
