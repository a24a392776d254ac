"""How a command ends: whatever was raised becomes one line on standard error and an exit code.

    caffepy: error: net.prototxt:12: unknown layer type Relu. Did you mean ReLU?

A traceback is shown only with -v or CAFFEPY_TRACEBACK=1. An exception nobody meant to raise is
a bug of ours: its traceback goes to a file whose name is part of the line.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from caffepy.errors import CaffeError

INTERRUPTED = 130       # what a shell reports for a program that ended by SIGINT


@dataclass
class Ending:
    """What a running command may say about its own end."""

    traceback: bool = False


def run(
    main: Callable[..., Any], args: Sequence[str] | None, program: str, extra: dict[str, Any]
) -> int:
    """Call a click ``main`` and return the exit code of the process."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it (>&-)
            setattr(sys, name, open(os.devnull, "w"))
    ending = Ending(bool(os.environ.get("CAFFEPY_TRACEBACK", "").strip("0")))
    extra = {"obj": ending, **extra, "standalone_mode": False}
    try:
        code = main(args, program, **extra)
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        # click has turned Ctrl-C into this and has closed the line of the ^C
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if ending.traceback and not isinstance(error, click.ClickException):
            traceback.print_exc()
        text, code = explain(error, ending.traceback)
        print(f"{program}: error: {text}", file=sys.stderr)
        return code


def report(error: BaseException, who: str) -> None:
    """Show what ends all workers of an mpirun, as the command shows its errors."""
    if isinstance(error, Exception):
        text = f"error: {who}{explain(error)[0]}"
    else:
        text = f"{who}interrupted"
    print(f"caffepy: {text}", file=sys.stderr)


def explain(error: Exception, shown: bool = False) -> tuple[str, int]:
    """The line for ``error`` and the exit code; ``shown``: the traceback is on the screen."""
    if isinstance(error, CaffeError):
        return str(error), error.exit_code
    if isinstance(error, click.ClickException):
        text = error.format_message()
        context = getattr(error, "ctx", None)
        if context is not None:
            text = f"{text.rstrip('.')}. See {context.command_path} --help."
        return text, 1
    if isinstance(error, MemoryError):
        detail = f" ({error})" if str(error) else ""
        return f"not enough memory{detail}. A smaller batch_size needs less.", 1
    if isinstance(error, OSError) and error.errno is not None and _of_the_world(error):
        return _os_error(error), 1
    name = type(error).__name__
    reason = " ".join(str(error).split())
    if lines := _of_a_plugin(error):
        return f"a plug-in fails: {name}: {reason}\n{lines}", 1
    where = "see the traceback above" if shown else f"the traceback is in {save_traceback(error)}"
    return f"{name}: {reason}. This is a bug in caffepy, not in your files; {where}.", 1


def _of_a_plugin(error: BaseException) -> str:
    """The lines of a plug-in that an error comes from, and of what it calls; "" if it does not."""
    plugins = sys.modules.get("caffepy.core.plugins")  # not there, nothing is loaded
    return "".join(plugins.frames(error)).rstrip() if plugins else ""


def _of_the_world(error: OSError) -> bool:
    """Whether the machine, not the program, is the cause: a file, a disk, a limit."""
    return error.filename is not None or error.errno in (
        errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE)


def _os_error(error: OSError) -> str:
    fixes = {
        errno.ENOSPC: "Free some space, or write somewhere else.",
        errno.EDQUOT: "Free some space, or write somewhere else.",
        errno.EACCES: "Check who owns it and what its permissions are.",
        errno.EROFS: "The file system is read-only; write somewhere else.",
        errno.EMFILE: "Raise the limit with 'ulimit -n'.",
    }
    text = error.strerror or type(error).__name__
    if error.filename is not None:
        text = f"{os.fsdecode(error.filename)}: {text}"
    fix = fixes.get(error.errno or 0)
    return f"{text}. {fix}" if fix else text


def save_traceback(error: BaseException) -> str:
    """Write the traceback to a new file of the temporary folder; returns its path."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    try:
        handle, path = tempfile.mkstemp(prefix="caffepy-traceback-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError:
        return "nothing (no file could be written; run again with -v)"
    return path
