"""What the scripts fetch.py of the data sets share: try places in turn until the digests fit.

A file that is here already and right is left alone; each new one appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

LARGEST = 64 << 20  # bytes; none of the files comes near it

File = tuple[str, bytes]  # name, content
Place = Callable[[set[str]], Iterable[File]]  # takes the names that are missing


def run(*command: str, cwd: str) -> None:
    """A program of the system, its words kept for the error."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600,
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no words"])[-1]
        raise OSError(f"{command[0]} ended with {done.returncode}: {last}")


def store(path: Path, content: bytes) -> None:
    """Write beside, then rename."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def collect(title: str, folder: Path, digests: Mapping[str, str],
            places: Mapping[str, Place]) -> int:
    """Bring files into a folder; returns the exit code, 0 if all are there.

    Args:
        title: the data set's name, for what is printed.
        digests: file name to SHA-256.
        places: what a place is called, and who brings files from there.
    """
    def right(name: str, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == digests[name]

    missing = {
        name for name in digests
        if not (folder / name).is_file() or not right(name, (folder / name).read_bytes())
    }
    failures = []
    where = os.path.join("data", folder.name)
    for place, files in places.items():
        if not missing:
            break
        print(f"{title}: trying {place} ...", flush=True)
        try:
            for name, content in files(missing.copy()):
                if name not in missing:
                    continue
                if not right(name, content):
                    raise OSError(f"{name} has another SHA-256 than {title}'s")
                store(folder / name, content)
                missing.discard(name)
        except Exception as error:  # whatever went wrong there, the next place may do
            reason = " ".join(str(error).split())
            failures.append(f"  {place}: {reason or type(error).__name__}")
            print(f"{title}: that did not work ({reason})", flush=True)
    if missing:
        print(f"{title}: {', '.join(sorted(missing))} could not be had:", *failures, sep="\n",
              file=sys.stderr)
        print(f"Put the files into {where} yourself, or try again with a network.",
              file=sys.stderr)
        return 1
    print(f"{title}: the {len(digests)} files are in {where}, and their SHA-256 is right.")
    return 0
