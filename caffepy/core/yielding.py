"""Yielding: a property that gives way to whatever a script hangs on the object under its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Yielding(Generic[T]):
    """As ``property``, but an attribute of that name may be set, and then it is what is read.

    For names that pycaffe's objects do not have: scripts and Python layers take ``name``,
    ``engine`` or ``context`` for things of their own. Nothing of ours may read such a name from
    an object that scripts hold.
    """

    def __init__(self, look: Callable[[Any], T]) -> None:
        self.look = look
        self.__doc__ = look.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Yielding[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object, owner: type) -> Yielding[T] | T:
        return self if instance is None else self.look(instance)
