"""Parts of the world that cost nothing until somebody asks them something: many commands ask few of them."""

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Stands for what `make` gives, makes it at the first question, and passes every one on to it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    @cached_property
    def _real(self) -> T:
        return self._make()

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)
