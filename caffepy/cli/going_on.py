"""The command that goes on with a training: the one that was typed, from a snapshot."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence

from caffepy.cli.gflags import program_name

LEFT_OUT = ("weights", "snapshot")  # what the training began with


def command(flags: Sequence[str], workers: int = 1) -> str:
    """Without its snapshot, which comes after it: ``caffepy train -solver x.prototxt -snapshot``.

    Args:
        flags: those of the training, as ``--name=value``.
        workers: processes that mpirun has started.
    """
    words = [*(["mpirun", "-n", str(workers)] if workers > 1 else []), *_program(), "train"]
    for flag in flags:
        name, _, value = flag.removeprefix("--").partition("=")
        if name not in LEFT_OUT:
            words += [f"-{name}={value}"] if value in ("true", "false") else [f"-{name}", value]
    return shlex.join([*words, "-snapshot"])


def program() -> str:
    """How the command was called, to be typed again."""
    return shlex.join(_program())


def _program() -> list[str]:
    """As it was called, if it was by one of its two names."""
    path = sys.argv[0]
    if os.path.basename(path) == "__main__.py":
        return [sys.executable, "-m", "caffepy"]
    name = program_name()
    if name not in ("caffepy", "caffe"):
        return ["caffepy"]
    on_path = shutil.which(name)
    return [name if on_path and os.path.realpath(on_path) == os.path.realpath(path) else path]
