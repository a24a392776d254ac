"""Where a picture of a list is, and why it is not there: what the error adds to the path."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from caffepy.errors import NotFound, one_line, shown

LOOKED_FOR = 100  # other pictures of the list
ENDING = re.compile(r"""(.*?)[,;]\s*[+-]?[0-9]*$""")


def place(root: str, path: str) -> str:
    """The file that ``path`` in a list means: blanks before it belong to its name as for the
    original, unless the picture is there without them alone."""
    whole = root + path
    if path[:1] in (" ", "\t") and not os.path.exists(whole):
        bare = root + path.lstrip()
        return bare if os.path.exists(bare) else whole
    return whole


def advice(root: str, path: str, source: str) -> str | None:
    """What to change so that ``root + path`` is found, if that can be seen; else None.

    Args:
        root: what is put right before the path. source: the list's own path.
    """
    beside = os.path.join(os.path.dirname(source), "")
    bare = path.strip("\"'")
    slashes = (root + path).replace("\\", "/")
    if slashes != root + path and os.path.exists(slashes):
        return f'It is there as {shown(slashes)}: write "/" for "\\".'
    if root and not root.endswith(("/", os.sep)):
        return f"root_folder is put right before the path: does '{one_line(root)}' lack a '/'?"
    if (cut := ENDING.fullmatch(path)) and os.path.exists(root + cut[1]):
        return f"{cut[1]} is there: a blank, and no comma, parts path and label."
    if bare != path and os.path.exists(root + bare):
        return f"{bare} is there: write it without quotes; names may have blanks."
    if not root and beside and not os.path.isabs(path) and os.path.exists(beside + path):
        return f'It is there from the list\'s folder: say root_folder: "{one_line(beside)}".'
    if root and os.path.isabs(path) and os.path.exists(path):
        return f"{path} is there: with such paths root_folder must be empty."
    return None


def explain(error: NotFound, root: str, path: str, source: str, others: Sequence[str]) -> None:
    """Say in the error what may be wrong with the list as a whole.

    Args:
        error: of reading ``root + path``.
        others: the paths of the list.
    """
    some = others[:LOOKED_FOR]
    if len(others) > 1 and not any(os.path.exists(root + other) for other in some):
        of = (f"the {len(others)} pictures" if len(some) == len(others)
              else f"the first {len(some)} of {len(others)} pictures")
        before = f"root_folder '{one_line(root)}'" if root else "no root_folder"
        error.message = f"there is no such picture, and none of {of} of the list ({before})"
    error.fix = advice(root, path, source) or error.fix
