"""Which runs a sweep has, and a folder for each: its solver, its net, and what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from caffepy.core.upgrade import read_net_param, read_solver_param
from caffepy.errors import ConfigError
from caffepy.proto.files import atomic_write
from caffepy.proto.paths import path_of, set_path
from caffepy.proto.text import to_text
from caffepy.services import work
from caffepy.services.sweep.varying import OF_NET, Vary, assign
from caffepy.solvers import settings
from caffepy.solvers.located import located

SOLVER, RESULT, LOG, PREFIX = "solver.prototxt", "result.json", "log", "run"
LONGEST = 100  # letters of a folder's name


@dataclass(frozen=True)
class Run:
    """One combination.

    Attributes:
        values: field and value of all that varies, in the order given.
        folder: where its solver, net, log, snapshots and result lie.
        files: name and text of its solver and net.
    """

    values: tuple[tuple[str, str], ...]
    folder: str
    files: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """Such as "base_lr 0.01, num_output 20"."""
        return ", ".join(f"{field} {value}" for field, value in zip(
            short([field for field, _ in self.values]), (v for _, v in self.values), strict=True))

    def path(self, name: str) -> str:
        """A file of its folder."""
        return os.path.join(self.folder, name)

    def result(self) -> dict[str, Any] | None:
        """What a finished run came to; None of one that is not finished."""
        try:
            found: dict[str, Any] = json.loads(Path(self.path(RESULT)).read_text())
        except (OSError, ValueError):
            return None
        return found

    def prepare(self) -> None:
        """Write its files.

        Raises:
            ConfigError: the folder has files of another sweep.
        """
        os.makedirs(self.folder, exist_ok=True)
        for name, text in self.files:
            path = Path(self.path(name))
            if path.exists() and path.read_text(errors="surrogateescape") != text:
                raise ConfigError(
                    "the folder is of another sweep: its file is not what it would be now",
                    where=str(path), fix="Another -out, or removing the folder, starts anew.")
        for name, text in self.files:
            with atomic_write(Path(self.path(name))) as file:
                file.write(text.encode("utf-8", "surrogateescape"))


def short(fields: Sequence[str]) -> list[str]:
    """Their last words, and more where these are the same."""
    def last(count: int) -> list[str]:
        return [".".join(field.split(".")[-count:]) for field in fields]

    longest = max((field.count(".") + 1 for field in fields), default=1)
    return next((names for count in range(1, longest + 1)
                 if len(set(names := last(count))) == len(fields)), list(fields))


def plan(solver: str, out: str, vary: Sequence[Vary], metric: str = "") -> list[Run]:
    """All combinations of values; the first field varies the slowest.

    Args:
        solver: the solver file; ``out``: the folder for all runs.
        metric: the output of a test net to go by, as snapshot_best has it; it becomes that.

    Raises:
        ConfigError: a field varies twice, does not exist, is the runs' own, or cannot have a value.
    """
    fields = [one.path for one in vary]
    doubled = next((field for field in fields if fields.count(field) > 1), None)
    if doubled:
        raise ConfigError("a field varies twice", where="flag 'vary'", found=doubled,
                          fix="Give its values in one -vary, with commas.")
    if "snapshot_prefix" in fields:
        raise ConfigError("every run has a snapshot_prefix in its own folder", where="flag 'vary'",
                          found="snapshot_prefix", fix="Leave it out; -out says where all lie.")
    with work.quiet():
        return [_run(solver, out, tuple(zip(fields, values, strict=True)), metric)
                for values in product(*(one.values for one in vary))]


def _run(solver: str, out: str, values: tuple[tuple[str, str], ...], metric: str) -> Run:
    param, _ = read_solver_param(solver)
    folder = os.path.join(out, _name(values))
    for field, value in values:
        if not field.startswith(OF_NET):
            assign(param, field, value)
    if metric:
        param.snapshot_best = metric
    with located(solver):
        checked = type(param)()
        checked.CopyFrom(param)
        checked.snapshot = 0  # the folder is made later
        settings.check(checked)
    files = _nets(param, folder, [
        (field, value) for field, value in values if field.startswith(OF_NET)], solver)
    set_path(param, "snapshot_prefix", os.path.join(folder, PREFIX))
    return Run(values, folder, ((SOLVER, to_text(param)), *files))


def _nets(param: Any, folder: str, values: list[tuple[str, str]], solver: str
          ) -> tuple[tuple[str, str], ...]:
    """Give the solver's net these values; the files with nets that the run gets."""
    if param.HasField("net_param"):
        for field, value in values:
            assign(param.net_param, field, value)
        return ()
    if not param.HasField("net"):
        if values:
            raise ConfigError("fields of the net vary where the solver has net or net_param",
                              where=solver, found=", ".join(
                                  field for field, _ in param.ListFields()
                                  if field.name.endswith(("_net", "_net_param"))) or "no net",
                              fix="Put both phases into one net, with include { phase: ... }.")
        return ()
    net, _ = read_net_param(path_of(param, "net"))
    for field, value in values:
        assign(net, field, value)
    name = "net.prototxt"
    set_path(param, "net", os.path.join(folder, name))
    return ((name, to_text(net)),)


def _name(values: tuple[tuple[str, str], ...]) -> str:
    """The name of a run's folder."""
    names = short([field for field, _ in values])
    name = "__".join(f"{field}_{value}" for field, (_, value) in zip(names, values, strict=True))
    plain = re.sub(r"[^\w.+-]", "_", name) or "run"
    if plain != name or len(plain) > LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]  # another for other values
        plain = f"{plain[: LONGEST - 9]}_{digest}"
    return plain
