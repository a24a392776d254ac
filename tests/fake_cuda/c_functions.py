"""What ctypes makes of a shared library, made of Python functions instead.

A function takes ``argtypes``, ``restype`` and ``errcheck`` as ctypes' do, and arguments that do not
fit the declared types are refused as ctypes refuses them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any


class Function:
    """A stand-in for a C function. It is called with what ctypes would have converted."""

    def __init__(self, library: FakeLibrary, name: str, body: Callable[..., Any]) -> None:
        self.library, self.name, self.body = library, name, body
        self.argtypes: list[Any] | None = None
        self.restype: Any = ctypes.c_int
        self.errcheck: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self.argtypes is not None:
            if len(arguments) != len(self.argtypes):
                raise TypeError(f"{self.name} takes {len(self.argtypes)} arguments, "
                                f"not {len(arguments)}")
            for argument, kind in zip(arguments, self.argtypes, strict=True):
                kind.from_param(argument)
        self.library.calls.append(self.name)
        result = self.body(*(plain(argument) for argument in arguments))
        if self.errcheck is not None:
            return self.errcheck(result, self, arguments)
        return result


class FakeLibrary:
    """Every public method is an exported function; ``calls`` lists those called, in order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        for name in dir(type(self)):
            if name.startswith(("cudnn", "cublas")):
                setattr(self, name, Function(self, name, getattr(self, name)))


def plain(argument: Any) -> Any:
    """What the C side sees: numbers, the object that a byref points at, an array itself."""
    argument = getattr(argument, "_as_parameter_", argument)
    if hasattr(argument, "_obj"):               # ctypes.byref(...)
        return argument._obj
    if isinstance(argument, ctypes.c_void_p):
        return argument.value
    return argument
