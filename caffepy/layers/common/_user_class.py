"""Finds the class that a Python layer names: its module, loaded from where the user keeps it."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeGuard

from caffepy import log
from caffepy.core.layer import Layer
from caffepy.errors import CaffeError, NotFound, did_you_mean

logger = log.get(__name__)

STAND_INS = "caffepy.standins"  # found by name: that room imports layers
_said: set[str] = set()  # of which modules it was said that ours stands in

NEEDED = ("reshape", "forward")
DECLARED = ("bottoms", "tops", "inplace", "keeps", "preserves_sign", "loss", "auto_top", "labels",
            "learns", "always_reshape", "data")
COUNT = re.compile(r"\d+(-\d+|\+)?|= bottoms")


def find(layer: Layer) -> type[Layer]:
    """The class that python_param of ``layer`` names.

    Raises:
        NotFound: no such module or class; the message says where it was looked for.
        CaffeError: the module cannot be loaded, or the class is no layer.
    """
    p = layer.spec.python_param
    if not p.module or not p.layer:
        layer.fail("python_param needs a module and a layer, the name of a class in it",
                   found=f"module {p.module!r}, layer {p.layer!r}")
    module = _load(layer, p.module)
    place = f"module {p.module} ({getattr(module, '__file__', None) or 'no file'})"
    cls: Any = getattr(module, p.layer, None)
    if cls is None:
        classes = [name for name, value in vars(module).items() if _is_layer(value)]
        layer.fail(f"{place} has no class {p.layer}", kind=NotFound,
                   found=", ".join(classes) or "no layer at all",
                   fix=did_you_mean(p.layer, classes))
    if not _is_layer(cls):
        layer.fail(f"{p.layer} of {place} is no layer",
                   fix=f"Write: class {p.layer}(caffepy.Layer)")
    missing = [name for name in NEEDED if getattr(cls, name) is getattr(Layer, name)]
    if missing:
        layer.fail(f"class {p.layer} of {place} lacks {' and '.join(missing)}")
    return cls


def declared(cls: type[Layer]) -> dict[str, Any]:
    """What the class declares of Layer's class attributes, if it declares anything.

    A count of bottoms or tops is the sign that it does: a layer written for pycaffe may have
    ``labels``, ``loss`` or ``data`` of its own, which mean something else.
    """
    counts = [getattr(cls, name) for name in ("bottoms", "tops")]
    own = any({"bottoms", "tops"} & vars(c).keys() for c in cls.__mro__ if c not in Layer.__mro__)
    if not own or not all(isinstance(n, str) and COUNT.fullmatch(n) for n in counts):
        return {}
    values = {name: getattr(cls, name) for name in DECLARED}
    defaults = {name: getattr(Layer, name) for name in DECLARED}
    return {name: value for name, value in values.items()
            if value is not defaults[name] and isinstance(value, type(defaults[name]))}


def takes_nothing(method: Any) -> TypeGuard[Callable[[], object]]:
    """Whether it is a method that can be called without arguments."""
    if not inspect.ismethod(method):
        return False
    try:
        inspect.signature(method).bind()
    except (TypeError, ValueError):
        return False
    return True


def line_of(error: BaseException, file: str | None) -> str:
    """``file.py:12 in forward``: the last step of an exception's way in ``file``, or at all."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if step.filename == file]
    step = (own or steps)[-1]
    return f"{step.filename}:{step.lineno} in {step.name}"


def reason(error: BaseException) -> str:
    """``ValueError: what it says``."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _is_layer(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Layer) and value is not Layer


def _load(layer: Layer, name: str) -> ModuleType:
    beside = os.path.dirname(re.sub(r":\d+$", "", layer.where or ""))  # where is file:line
    folders = list(dict.fromkeys(os.path.abspath(folder) for folder in (beside, "")))
    try:
        with _also_in(folders):
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise _broken(layer, name, error) from error  # something that the module wants
        own = importlib.import_module(STAND_INS).find(name)
        if own is not None and any(map(_is_layer, vars(own).values())):  # not FCN's ``score``
            _say_once(layer, name)
            return own
        layer.fail(
            f"there is no module {error.name}", kind=NotFound,
            found="none on the Python path (PYTHONPATH and installed packages), nor in "
                  + " or ".join(folders),
            fix=did_you_mean(name, _modules_in(folders))
            or "Put its folder into PYTHONPATH, or the file beside the prototxt.")
    except Exception as error:
        raise _broken(layer, name, error) from error
    _warn_of_another(layer, name, module, folders)
    return module


@contextlib.contextmanager
def _also_in(folders: list[str]) -> Iterator[None]:
    """While a module is loaded, these folders close the Python path."""
    importlib.invalidate_caches()  # the file may be new
    before = sys.path
    sys.path = [*before, *folders]
    try:
        yield
    finally:
        added = [folder for folder in sys.path if folder not in before and folder not in folders]
        sys.path = before
        sys.path[:0] = added  # what the module itself put there


def _broken(layer: Layer, name: str, error: Exception) -> CaffeError:
    fix = None
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}"
        what = f"{type(error).__name__}: {error.msg}"
    else:
        where, what = line_of(error, None), reason(error)
        if isinstance(error, ModuleNotFoundError) and error.name and (
                importlib.import_module(STAND_INS).find(error.name)):
            fix = (f"caffepy has a {error.name} of its own; the program gets it by: import "
                   f"{STAND_INS}; {STAND_INS}.install()")
    return CaffeError(f"module {name} cannot be loaded: {what}",
                      where=f"{layer.place_name}, {where}", fix=fix)


def _say_once(layer: Layer, name: str) -> None:
    if name not in _said:
        _said.add(name)
        logger.warning("%s: there is no module %s, so caffepy's own stands in for it "
                       "(docs/standins.md)", layer.place_name, name)


def _modules_in(folders: list[str]) -> list[str]:
    names: list[str] = []
    for folder in folders:
        with contextlib.suppress(OSError):
            names += [name[:-3] for name in os.listdir(folder) if name.endswith(".py")]
    return names


def _warn_of_another(layer: Layer, name: str, module: ModuleType, folders: list[str]) -> None:
    """Python keeps one module of a name; say so where a nearer file is not the one in use."""
    used = getattr(module, "__file__", None)
    for folder in folders:
        path = os.path.join(folder, *name.split(".")) + ".py"
        if used and os.path.exists(path):
            if not os.path.samefile(path, used):
                logger.warning("%s: module %s is %s, not %s. Rename one of them if the other is "
                               "meant.", layer.place_name, name, used, path)
            return
