"""The documentation's pages: what they hold, and running them as a reader would.

A page is a list of steps, each a fenced block:

    ```python       is pasted at Python's prompt; one session for the whole page
    ```sh           is pasted into bash
    ```text         what the step right before it prints; "..." stands for anything, and at "^C"
                    Ctrl-C is pressed, once the line above it has come
    ```prototxt     a file, as is any block below a line that ends with "save as `name`:"

    pages.walk(pages.DOCS / "tutorial" / "01-blob.md", folder, pages.environment(bin))
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from caffepy.cli.main import TOOLS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
READER = ROOT / "tests" / "reader.py"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"\bsave as `([\w./-]+)`:\n+\Z", re.IGNORECASE)
END = re.compile(r"\0end of step (\d+)\n")

# what may differ in a line of the log: its date, thread, number of the source line, and the speed
LOG = re.compile(r"^[IWE]\d{4} [\d:.]+ +\d+ ([\w.]+):\d+\]", re.MULTILINE)
# lines of the thread that reads ahead, which come when they come
AHEAD = re.compile(r"^[\w.]+\] (Restarting data prefetching|Waiting for data)")
SPEED = re.compile(r"\([\d.e+]+ iter/s, [\d.e+-]+s/(\d+ iters)\)")
# Ctrl-C, and what is the same each time in the line above it
PRESSED = re.compile(r"^(?:\S+ +\S+ +\S+ \S+\] )?(.*?)(?: \(.*|\.\.\..*)?\n\^C$", re.MULTILINE)

@dataclass
class Step:
    """A block of a page that is run, or saved; ``line`` is that of its fence."""

    kind: str  # "python", "sh", or the name of the file to save
    text: str
    line: int
    printed: str | None = None

    @property
    def pressed(self) -> str | None:
        """The line after which Ctrl-C is pressed."""
        found = PRESSED.search(self.printed or "")
        return found[1] if found else None


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [text for kind, text in FENCE.findall(read(path)) if kind == language]


def typed(path: Path) -> list[str]:
    """The blocks of Python that go to the prompt, not into a file."""
    text = read(path)
    return [match[2] for match in FENCE.finditer(text)
            if match[1] == "python" and not SAVED.search(text[: match.start()])]


def commands(path: Path) -> list[list[str]]:
    """The indented lines that call caffepy or a tool of its, cut into words."""
    text = re.sub(r" \\\n +", " ", FENCE.sub("", read(path)))  # lines that go on in the next
    lines = re.findall(r"^    (.+?)(?: +#.*)?$", text, re.MULTILINE)
    words = [line.split() for line in lines]
    return [line for line in words if line[0] == "caffepy" and line[1] != "error:"
            or line[0] in TOOLS]


def steps(path: Path) -> list[Step]:
    """The page's blocks in order."""
    text, found = read(path), list[Step]()
    last = 0
    for match in FENCE.finditer(text):
        kind, block = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        saved = SAVED.search(text[last : match.start()])
        if saved:
            found.append(Step(saved[1], block, line))
        elif kind in ("python", "sh"):
            found.append(Step(kind, block, line))
        else:
            assert kind == "text", f"{path.name}:{line}: what is this block of {kind!r} for?"
            assert not text[last : match.start()].strip(), f"{path.name}:{line}: what prints this?"
            assert found[-1].printed is None, f"{path.name}:{line}: a second output"
            found[-1].printed = block
        last = match.end()
    return found


def environment(folder: Path, root: Path = ROOT) -> dict[str, str]:
    """Variables under which caffepy of ``root`` is installed, its commands being in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = {"caffepy": "caffepy", "caffe": "caffepy", "python": "",
               **{name: f"caffepy.tools.{name}" for name in TOOLS}}
    for name, module in modules.items():
        launcher = folder / name
        launcher.write_text(
            f'#!/bin/sh\nexec {sys.executable} {module and f"-m {module} "}"$@"\n')
        launcher.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'caffepy' / '_front'}",
        "PYTHONUNBUFFERED": "1",   # what is printed and what is logged come in order
        "PYTHONWARNINGS": "error",
        "TMPDIR": str(folder),     # the log files
    }


def run(command: list[str], folder: Path, **options) -> subprocess.CompletedProcess:
    """Run a command line ``caffepy ...`` or Python's own arguments; it must succeed."""
    arguments = ["-m", *command] if command[0] == "caffepy" else command
    done = subprocess.run([sys.executable, *arguments], cwd=folder, text=True,
                          capture_output=True, timeout=120, check=False, **options)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def walk(path: Path, folder: Path, variables: dict[str, str]) -> None:
    """Do what a page says, in ``folder``, and compare what it prints."""
    todo = steps(path)
    for step, output in zip(todo, perform(todo, path.name, folder, variables), strict=True):
        place = f"{path.name}:{step.line}: "
        if step.printed is not None:
            compare(step.printed, output, place)
        elif step.kind == "python":
            assert not output, f"{place}the page does not show what this prints\n{output}"


def perform(todo: list[Step], page: str, folder: Path, variables: dict[str, str]) -> list[str]:
    """Run steps one after the other; what each printed. A command must succeed, unless the page
    shows its error."""
    done = subprocess.run(
        [sys.executable, str(READER), page], cwd=folder, env=variables, text=True,
        input=json.dumps([(step.kind, step.text, step.line, step.pressed) for step in todo]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    *parts, rest = END.split(done.stdout)  # output and exit code of each step in turn
    outputs, codes = parts[::2], parts[1::2]
    for step, output, code in zip(todo, outputs, codes, strict=False):
        failure = "caffepy: error:" in (step.printed or "")
        assert (code != "0") == failure, f"{page}:{step.line}: exit code {code}\n{output}"
    assert len(outputs) == len(todo), f"{page}:{todo[len(outputs)].line}: {rest}"
    return outputs


def compare(printed: str, output: str, place: str = "") -> None:
    """Hold what a page shows against what came out. "..." stands for part of a line, or on a line
    of its own for any number of lines."""
    want, got = plain(printed), plain(output)
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in want.splitlines())
    assert re.fullmatch(pattern, got), f"{place}the page shows\n{want}\nand this came out\n{got}"


def plain(text: str) -> str:
    """Without what differs from run to run, and blanks at the ends of lines."""
    text = SPEED.sub(r"(\1)", LOG.sub(r"\1]", text))
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if not AHEAD.match(line))
