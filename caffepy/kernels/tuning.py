"""The machine's own choices: which of a kernel's ways is the fastest here.

A fixed rule chooses, the same on every run, unless ``caffepy tune`` has measured the shape on this
machine: then its file is followed, which the settings name. It is read when an engine plans its
first kernel, never while a net runs.

    {"format": 1, "machines": {"AMD EPYC (25.1); oneDNN 3.2.0; 2 threads":
        {"ConvolutionSpec(x=(64, 20, 12, 12), ...)": {"backward_weights": "plain gemm:jit"}}}}
"""

from __future__ import annotations

import functools
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caffepy import log
from caffepy.settings import TUNE, Settings

logger = log.get(__name__)

FORMAT = 1

Ways = Mapping[str, str]  # direction (a method of the kernel) to the name of the way
Table = Mapping[str, Ways]  # by spec, in words


class Choices:
    """What was measured on this machine; without a table nothing, so that the rule chooses."""

    def __init__(self, table: Table | None = None) -> None:
        self.table: Table = table or {}

    def of(self, spec: object) -> Ways:
        """The way of each direction that was measured for a spec."""
        return self.table.get(repr(spec), {})


def machine(version: str, threads: int) -> str:
    """What a measurement holds for: processor, oneDNN and number of threads, in words."""
    return f"{processor()}; oneDNN {version}; {threads} thread{'s' * (threads != 1)}"


@functools.cache
def processor() -> str:
    """The processor's name, family and model, such as ``AMD EPYC (25.1)``."""
    found: dict[str, str] = {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    if "model name" not in found:
        return platform.processor() or platform.machine()
    numbers = ".".join(found[name] for name in ("cpu family", "model") if name in found)
    return f"{found['model name']} ({numbers})"


def choices(settings: Settings, version: str, threads: int) -> Choices:
    """What the file says for this machine. A file that cannot be used is warned of, once."""
    file = settings.choices
    if file is None:
        return Choices()
    try:
        state = file.stat()
    except OSError:
        if settings.choices_named:
            _warn(f"{TUNE} names {file}, which is not there")
        return Choices()
    machines = _read(file, state.st_mtime_ns, state.st_size)
    table = machines.get(machine(version, threads))
    if table is None and machines:
        here = machine(version, 1).rsplit("; ", 1)[0]
        if not any(name.startswith(here + ";") for name in machines):
            _warn(f"{file} was measured on another machine or with another oneDNN")
    return Choices(table)


@functools.lru_cache(maxsize=8)
def _read(file: Path, changed: int, size: int) -> dict[str, dict[str, dict[str, str]]]:
    """The file's machines; read once for each state of the file."""
    try:
        return parse(file.read_bytes())
    except (OSError, ValueError) as error:
        _warn(f"{file} cannot be used: {error}")
        return {}


@functools.cache
def _warn(problem: str) -> None:
    logger.warning("%s. The fixed rule chooses kernels; 'caffepy tune' measures anew.", problem)


def parse(data: bytes) -> dict[str, dict[str, dict[str, str]]]:
    """The machines of a file's bytes.

    Raises:
        ValueError: this is no such file.
    """
    try:
        content: Any = json.loads(data)
    except ValueError:
        raise ValueError("it is no JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"it is no file of caffepy tune, format {FORMAT}")
    machines: Any = content.get("machines")
    if not _is_nested(machines, 3):
        raise ValueError("its choices are damaged")
    return dict(machines)


def _is_nested(value: object, depth: int) -> bool:
    """Whether this is dictionaries in dictionaries, with words at the bottom."""
    if depth == 0:
        return isinstance(value, str)
    return isinstance(value, dict) and all(_is_nested(v, depth - 1) for v in value.values())


def merged(data: bytes | None, name: str, table: Table) -> bytes:
    """The bytes of a file with the choices of one machine added to what it had before."""
    try:
        machines = parse(data) if data is not None else {}
    except ValueError:
        machines = {}
    mine = machines.setdefault(name, {})
    for spec, ways in table.items():
        mine[spec] = {**mine.get(spec, {}), **ways}
    return (json.dumps({"format": FORMAT, "machines": machines}, indent=1) + "\n").encode()
