"""What a training measured, as a file of one JSON object a line.

    <snapshot_prefix>.jsonl

    {"type": "start", "format": 1, "solver": "lenet_solver.prototxt", "caffepy": "0.1.0",
     "date": "2026-05-04T12:00:00+02:00", "net": "LeNet", "seed": 1701, "iter": 0, "seconds": 0.0,
     "images": 64, "param": "net: ..."}
    {"type": "train", "iter": 100, "seconds": 3.7, "loss": 0.17, "smoothed_loss": 0.19,
     "lr": 0.01, "iters_per_second": 26.8, "outputs": {"loss": 0.17}, "weights": {"loss": 1.0}}
    {"type": "test", "iter": 500, "seconds": 18.9, "net": 0, "outputs": {"accuracy": 0.97}, ...}

``images`` is how many one iteration takes, by the batch of the net's first layer, and ``param`` the
SolverParameter as text, without nets in it. ``outputs`` holds a list where a blob has several
values; ``weights`` only the outputs that count in the loss. What is infinite or no number is null,
since JSON has no word for it.

The file only grows. Each training begins with a start line, which tells the iteration from which
it goes on: what older lines say of that iteration and later ones is superseded. So one that was
killed at 5900 and goes on from its snapshot of 5000 leaves one curve, and one that begins anew
begins a new curve. ``read`` gives what counts; ``seconds`` then go on where the old lines ended.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

from caffepy import log

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.solvers.state import TrainingState

logger = log.get(__name__)

FORMAT = 1
ENDING = ".jsonl"
Line = dict[str, Any]


# -- reading ------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> list[Line]:
    """The lines of a file that count, start lines among them.

    What is no measurement, such as a line that a full disk has cut off, is passed over.

    Raises:
        OSError: it cannot be read.
    """
    kept: list[Line] = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for text in file:
            line = parsed(text)
            if line is None:
                continue
            if line["type"] == "start":
                kept = [old for old in kept if old["iter"] < line["iter"]]
            kept.append(line)
    return kept


def parsed(text: str) -> Line | None:
    """The object in a line; None for what is no measurement."""
    with suppress(ValueError, RecursionError, OverflowError):
        line = json.loads(text)
        if (isinstance(line, dict) and line.get("type") in ("start", "train", "test")
                and all(_number(line.get(key)) for key in ("iter", "seconds"))
                and (line["type"] == "start" or isinstance(line.get("outputs"), dict))):
            return line
    return None


def _number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and math.isfinite(value))


# -- writing ------------------------------------------------------------------------------


@contextmanager
def writing(
    param: Any, state: TrainingState, net: Net, test_nets: Sequence[Net],
    about: Mapping[str, Any], path: str | None = None, *, workers: int = 1,
    on_start: list[Any], on_iteration: list[Any], on_test: list[Any],
    also: Callable[[Line], None] | None = None, keep: bool = True,
) -> Iterator[None]:
    """Write what a training measures while the block runs.

    A line is written when the log has a display or a test, and at no other time. What cannot be
    written is warned of once and tried again at the next display: it never ends a training.

    Args:
        param: the SolverParameter.
        about: what else the start line tells: the solver file, caffepy's version.
        path: the file; by default ``<snapshot_prefix>.jsonl``. Without a prefix there is none.
        also: is given each line, too.
        keep: whether there is a file; else lines go to ``also`` alone.
        workers: how many train together.
        on_start, on_iteration, on_test: the training's hooks.
    """
    if not keep:
        path = None
    elif path is None and param.snapshot_prefix:
        from caffepy.proto.paths import path_of  # late: parse_log reads lines alone

        path = path_of(param, "snapshot_prefix") + ENDING
    if path is None and also is None:
        yield
        return
    writer = Writer(param, state, net, test_nets, about, path, also, workers)
    hooks = ((on_start, writer.begin), (on_iteration, writer.train), (on_test, writer.test))
    for hook, call in hooks:
        hook.append(call)
    try:
        yield
        writer.last()
    finally:
        for hook, call in hooks:
            hook.remove(call)
        writer.close()


class Writer:
    """The file of one training. ``begin``, ``train`` and ``test`` are hooks of a solver; they look
    at the training's state, not at the solver that they are called with."""

    def __init__(
        self, param: Any, state: TrainingState, net: Net, test_nets: Sequence[Net],
        about: Mapping[str, Any], path: str | None,
        also: Callable[[Line], None] | None = None, workers: int = 1,
    ) -> None:
        self.param = param
        self.state = state
        self.net = net
        self.test_nets = test_nets
        self.path = path
        self._also = also
        self._file: BinaryIO | None = None
        self._cut = False  # the file may end in half a line
        self._warned = False
        before = self._seconds_before(state.iter)
        self._since = perf_counter() - before
        self._shown: tuple[int, float] | None = None  # iteration and time of the last display
        self._write({
            "type": "start", "format": FORMAT, **about,
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "net": net.name, "seed": state.seed,
            "iter": state.iter, "seconds": round(before, 6),
            "images": _images(net) * max(param.iter_size, 1) * workers, "param": _text(param),
        })

    def begin(self, _: object) -> None:
        """The first iteration starts the clock of iterations a second; the log's does the same."""
        if self._shown is None:
            self._shown = self.state.iter, perf_counter()

    def train(self, _: object) -> None:
        """After an iteration: a line, if it was displayed."""
        display, done = self.param.display, self.state.iter - 1
        if display and done % display == 0:
            self._train_line(done, lr=self.state.rate)

    def last(self) -> None:
        """After a whole training: the loss behind its last update, which has no rate any more."""
        display, state = self.param.display, self.state
        if display and state.iter % display == 0 and not state.stopped and state.losses:
            self._train_line(state.iter)

    def test(self, _: object, index: int) -> None:
        """After a test of a whole test net."""
        iteration, means = self.state.last_tests[index]
        outputs, _ = _outputs([(name, values, 0.0) for name, values in means])
        weights = {name: weight for name, _, weight in self.test_nets[index].outputs() if weight}
        self._write({"type": "test", "iter": iteration, "seconds": self._seconds(), "net": index,
                     "outputs": outputs, "weights": weights})

    def _train_line(self, iteration: int, **more: float) -> None:
        """What has been displayed, for which the losses were waited for."""
        state, now = self.state, perf_counter()
        since, then = self._shown or (iteration, now)
        speed = (state.iter - since) / (now - then) if now > then else math.nan
        self._shown = state.iter, now
        outputs, weights = _outputs(self.net.outputs())
        self._write({
            "type": "train", "iter": iteration, "seconds": self._seconds(),
            "loss": _plain(state.losses[-1]), "smoothed_loss": _plain(state.smoothed_loss),
            **{name: _plain(value) for name, value in more.items()},
            "iters_per_second": _plain(speed),
            "outputs": outputs, "weights": weights})

    def _seconds(self) -> float:
        return round(perf_counter() - self._since, 6)

    def _seconds_before(self, iteration: int) -> float:
        """Where the clock of a training that goes on stands; and whether the file is whole."""
        if self.path is None:
            return 0.0
        try:
            with open(self.path, "rb") as file:
                file.seek(-1, os.SEEK_END)
                self._cut = file.read(1) != b"\n"
            if iteration:
                return max((float(line["seconds"]) for line in read(self.path)
                            if line["iter"] < iteration), default=0.0)
        except OSError:  # not there, or empty; if it cannot be written, the first line will say so
            pass
        return 0.0

    def _write(self, line: Line) -> None:
        if self._also:
            self._also(line)
        if self.path is None:
            return
        data = json.dumps(line, allow_nan=False).encode() + b"\n"
        try:
            if self._file is None:
                self._file = open(self.path, "ab", buffering=0)
            whole = b"\n" + data if self._cut else data
            self._cut = True
            if self._file.write(whole) < len(whole):
                raise OSError(0, "the disk is full")
            self._cut = False
        except OSError as error:
            self.close()
            if not self._warned:
                self._warned = True
                logger.warning("measurements cannot be written to %s: %s. Training goes on "
                               "and they are tried again; those of now are lost.", self.path,
                               error.strerror or error)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def _images(net: Net) -> int:
    """How many items a forward takes; 0 if the first layer's top does not say."""
    tops = net.nodes[0].tops if net.nodes else ()
    return tops[0].shape[0] if tops and tops[0].shape else 0


def _text(param: Any) -> str:
    """The settings, as prototxt."""
    from caffepy.proto.text import to_text

    shown = type(param)()
    shown.CopyFrom(param)
    for field in ("net_param", "train_net_param", "test_net_param"):
        shown.ClearField(field)
    return to_text(shown)


def _outputs(
    outputs: Sequence[tuple[str, Any, float]]
) -> tuple[dict[str, Any], dict[str, float]]:
    """Values and loss weights by name."""
    values, weights = {}, {}
    for name, array, weight in outputs:
        numbers = [_plain(float(value)) for value in array]
        values[name] = numbers[0] if len(numbers) == 1 else numbers
        if weight:
            weights[name] = float(weight)
    return values, weights


def _plain(value: float) -> float | None:
    """A number as JSON has it, in the fewest digits that tell float32 numbers apart; None for what
    is no number or infinite."""
    from numpy import float32  # here, since plot's --help reads this module and must be quick

    return float(str(float32(value))) if math.isfinite(value) else None
