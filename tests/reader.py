"""A reader of a page: pastes its blocks at Python's prompt and into bash, line by line.

    python tests/reader.py PAGE < STEPS

STEPS is a JSON list of [kind, text, line, pressed], which pages.py makes. ``pressed`` is the line
after which Ctrl-C is pressed, or null. Python's prompt up to 3.12 ends a loop at a blank line only,
so a block that lacks it is a SyntaxError here, though Python as a whole file would take it.
"""

from __future__ import annotations

import code
import json
import os
import shutil
import signal
import subprocess
import sys


class Prompt(code.InteractiveConsole):
    """Python's prompt, whose first error ends the session."""

    def paste(self, text: str, page: str, line: int) -> None:
        """Type a block that begins below ``line``, and a last blank line."""
        waiting = False
        for number, typed in enumerate([*text.splitlines(), ""], line + 1):
            if not waiting:
                self.resetbuffer()
                self.filename = f"{page}:{number}"
            waiting = self.push(typed)
        assert not waiting, f"{self.filename}: the prompt waits for more"

    def showtraceback(self) -> None:
        raise  # noqa: PLE0704 (called where the exception is handled)

    def showsyntaxerror(self, *_: object, **__: object) -> None:
        raise  # noqa: PLE0704


def shell(text: str, pressed: str | None) -> int:
    """Paste into bash, in a session of its own; the exit code of what failed, or 0."""
    talk = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if pressed else {}
    bash = subprocess.Popen([shutil.which("bash") or "sh", "-e", "-s"], text=True,
                            stdin=subprocess.PIPE, start_new_session=True, **talk)
    assert bash.stdin
    with bash:
        bash.stdin.write(text)
        bash.stdin.close()
        for line in bash.stdout or ():
            print(line, end="", flush=True)
            if pressed and pressed in line:
                print("^C", flush=True)
                os.killpg(bash.pid, signal.SIGINT)
                pressed = None
    return bash.returncode


def main() -> None:
    sys.path[0] = ""  # as at the prompt: the folder one is in
    prompt = Prompt({"__name__": "__main__"})
    for kind, text, line, pressed in json.load(sys.stdin):
        failed = 0
        if kind == "python":
            prompt.paste(text, sys.argv[1], line)
        elif kind == "sh":
            failed = shell(text, pressed)
        else:
            with open(kind, "w", encoding="utf-8") as file:
                file.write(text)
        print("\0end of step", failed, flush=True)


if __name__ == "__main__":
    main()
