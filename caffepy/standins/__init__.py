"""Modules that public nets and scripts name and that users rarely have any more.

Each lies where its name says: the one that others call ``rpn.proposal_layer`` is
rpn/proposal_layer.py in this folder. It answers only where there is no module of that name; a
user's own always comes first.

A layer of type "Python" asks by itself (layers/common/_user_class.py). Scripts get them if they say
so, for their own imports as well:

    import caffepy.standins
    caffepy.standins.install()
    import surgery, score                       # FCN's
    from fast_rcnn.config import cfg            # py-faster-rcnn's

or unchanged, by ``python -m caffepy.standins solve.py 0``. Names that begin with an underscore are
no modules to be asked for.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType


def find(name: str) -> ModuleType | None:
    """The module that stands in for ``name``; None if there is none."""
    return importlib.import_module(f"{__name__}.{name}") if _place(name) else None


def install() -> None:
    """From now on ``import`` finds them, where nothing else of that name is found."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def _place(name: str) -> importlib.machinery.ModuleSpec | None:
    """Where it lies; nothing is imported to find out."""
    spec = None
    folders: Sequence[str] | None = __path__
    for part in name.split("."):
        if folders is None or not part.isidentifier() or part.startswith("_"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(part, folders)
        folders = spec.submodule_search_locations if spec and spec.loader else None
    return spec if spec and spec.loader else None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last of all. A module has one object, whichever of its two names it is asked by."""

    def find_spec(self, name: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        place = _place(name)
        if place is None:
            return None
        # a package is a name alone, without a folder: else its modules would be found twice
        return importlib.machinery.ModuleSpec(
            name, self, is_package=place.submodule_search_locations is not None)

    def exec_module(self, module: ModuleType) -> None:
        if not hasattr(module, "__path__"):
            sys.modules[module.__name__] = importlib.import_module(f"{__name__}.{module.__name__}")
