"""Plug-ins for one run: Python files that register layer types, loaded where somebody asks for it.

    plugin = load_plugin("my_layers.py")

A plug-in is code, so nothing is ever loaded unasked: no folder is searched, and no variable of the
environment names one. A file is loaded once in a process; if it has changed since, it is loaded
anew, for the nets that are built from then on.
"""

from __future__ import annotations

import itertools
import os
import sys
import traceback
from types import CodeType, ModuleType, TracebackType

from caffepy.core import registry
from caffepy.errors import CaffeError, ConfigError, shown
from caffepy.proto import textfile

_loaded: dict[str, tuple[str, ModuleType]] = {}  # by real path: the source, and what it became


def load_plugin(path: str | os.PathLike[str]) -> ModuleType:
    """Load a Python file that registers layer types.

    Returns: its module.

    Raises:
        NotFound: no such file.
        ConfigError: it is no Python, it fails, it registers nothing, or a type that is there
            already; the message shows where in the file. Nothing of it is registered then.
    """
    place = os.path.realpath(path)
    source = textfile.read_text(path)
    before = _loaded.get(place)
    if before and before[0] == source:
        return before[1]
    registry.discover()  # so that what it claims twice is told here
    name = before[1].__name__ if before else _name(place)
    module = ModuleType(name)
    module.__file__ = place
    older = sys.modules.get(name)
    sys.modules[name] = module
    try:
        with registry.all_or_nothing(name):
            _run(source, os.fspath(path), module)
    except BaseException:
        sys.modules.pop(name)
        if older is not None:
            sys.modules[name] = older
        raise
    _loaded[place] = source, module
    return module


def loaded() -> list[str]:
    """The paths of the plug-ins that are loaded, in their order: for processes to be started."""
    return list(_loaded)


def frames(error: BaseException) -> list[str]:
    """The lines of an error's traceback from the first that is in a plug-in; [] if none is."""
    files = {module.__file__ for _, module in _loaded.values()}
    return _from(error.__traceback__, files)


def _name(place: str) -> str:
    """A name for the module that no other has, nor what it might import."""
    stem = os.path.splitext(os.path.basename(place))[0]
    name = registry.PLUG_IN_MODULES + "".join(c if c.isalnum() else "_" for c in stem)
    taken = {module.__name__ for _, module in _loaded.values()}
    return next(new for i in itertools.count()
                if (new := f"{name}_{i}" if i else name) not in taken)


def _run(source: str, path: str, module: ModuleType) -> None:
    """Run a plug-in as its module; what it raises becomes an error that shows its own lines."""
    try:
        code: CodeType = compile(source, module.__file__ or path, "exec", dont_inherit=True)
        exec(code, vars(module))
    except CaffeError as error:
        raise error.at(f"plug-in {_line(error, path, module)}") from error
    except (Exception, SystemExit) as error:
        reason = traceback.format_exception_only(error)
        failed = ConfigError(
            f"the plug-in fails: {reason[-1].strip()}",
            where=_line(error, path, module))
        own = _from(error.__traceback__, {module.__file__})
        failed.more = "".join([*own, *reason]).rstrip()
        raise failed from error
    if not registry.of_module(module.__name__):
        raise ConfigError("the plug-in registers no layer type", where=shown(path),
                          fix='Write @register("MyType") above a class derived from Layer.')


def _line(error: BaseException, path: str, module: ModuleType) -> str:
    """``"my_layers.py:12"``: the last line of the file's own that led to an error."""
    if isinstance(error, SyntaxError) and error.filename == module.__file__:
        return f"{shown(path)}:{error.lineno}"
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
               if frame.filename == module.__file__]
    return f"{shown(path)}:{numbers[-1]}" if numbers else shown(path)


def _from(trace: TracebackType | None, files: set[str | None]) -> list[str]:
    """The lines of a traceback from the first that is in one of the files."""
    frames = traceback.extract_tb(trace)
    first = next((i for i, frame in enumerate(frames) if frame.filename in files), len(frames))
    return traceback.format_list(frames[first:])
