"""OpenCV, loaded at first use, and a look at whether what lies there is of one piece.

The distributions opencv-python, opencv-python-headless and those with contrib all write the folder
cv2. Where pip has put two of different versions into one place, files of both are mixed: what
happens then is anybody's guess, and no error of OpenCV's says why.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from caffepy import log

logger = log.get(__name__)

NAMES = ("opencv-python", "opencv-python-headless", "opencv-contrib-python",
         "opencv-contrib-python-headless")


@functools.cache
def load() -> Any:
    """The module cv2; the first call warns of distributions that are mixed.

    Raises:
        ImportError: there is none.
    """
    import cv2

    if words := advice(installed(Path(cv2.__file__).parent)):
        logger.warning("%s", words)
    return cv2


def installed(folder: Path, path: Sequence[str] | None = None) -> dict[str, str]:
    """Name and version of the distributions that have written a folder cv2.

    Args:
        path: where distributions are looked for; sys.path by default.
    """
    where = list(sys.path if path is None else path)
    return {
        name: found.version
        for name in NAMES for found in metadata.distributions(name=name, path=where)
        if Path(str(found.locate_file("cv2"))).resolve() == folder.resolve()
    }


def advice(found: Mapping[str, str]) -> str | None:
    """What is to be said of these distributions in one folder; None if their versions agree."""
    if len(set(found.values())) < 2:
        return None
    newest = max(found.values(), key=_numbers)
    both = " and ".join(f"{name} {version}" for name, version in found.items())
    return (f"{both} lie in one folder cv2, mixed. `pip uninstall -y {' '.join(found)}` and then "
            f"`pip install {' '.join(f'{name}=={newest}' for name in found)}` mends it.")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
