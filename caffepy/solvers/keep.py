"""The snapshots in a folder: which are whole, which is the newest, and which are deleted."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caffepy import log
from caffepy.errors import CaffeError, NotFound
from caffepy.proto import hdf5, wire
from caffepy.proto.paths import path_of
from caffepy.solvers import snapshot

if TYPE_CHECKING:
    from caffepy.core.net import Net
    from caffepy.solvers.average import Average
    from caffepy.solvers.state import TrainingState
    from caffepy.solvers.updater import Updater

logger = log.get(__name__)

NAME = re.compile(r"_iter_(\d+)\.solverstate(\.h5)?")


@dataclass(frozen=True)
class Found:
    """A snapshot on the disk, whole or not."""

    iter: int
    state: str
    weights: str

    @property
    def time(self) -> float:
        """When its state was written."""
        with contextlib.suppress(OSError):
            return os.stat(self.state).st_mtime_ns
        return 0


def find(prefix: str) -> list[Found]:
    """The snapshots whose names begin with a prefix, by iteration."""
    found = []
    for path in glob.glob(glob.escape(prefix) + "_iter_*.solverstate*"):
        name = NAME.fullmatch(path[len(prefix) :])
        if name:
            weights = prefix + path[len(prefix) :].replace(".solverstate", ".caffemodel")
            found.append(Found(int(name[1]), path, weights))
    return sorted(found, key=lambda snap: (snap.iter, snap.state))


def check_whole(path: str) -> None:
    """Read a snapshot, weights and all, and keep nothing of it.

    Raises:
        CaffeError: it is damaged, or its weights are.
    """
    state, _ = snapshot.read_state(path)
    for field in ("learned_net", "average_net"):
        if state.HasField(field):
            weights = snapshot.find_weights(path_of(state, field), path)
            (hdf5 if wire.sniff(weights) == "hdf5" else wire).read_net(weights)


def latest(prefix: str) -> str:
    """The state file of the snapshot that was written last, of those that are whole.

    Raises:
        NotFound: there is none.
    """
    if not prefix:
        raise NotFound("there is no snapshot_prefix by which to find the latest snapshot",
                       fix="Set it in the solver file, or name the .solverstate.")
    found = find(prefix)
    for snap in sorted(found, key=lambda snap: (snap.time, snap.iter), reverse=True):
        try:
            check_whole(snap.state)
        except CaffeError as error:
            logger.warning("passing over a snapshot that is not whole: %s", error)
            continue
        further = [other for other in found if other.iter > snap.iter and other.time < snap.time]
        if further:
            logger.warning("%s was written after %s and so is the latest, though of an earlier "
                           "iteration", snap.state, further[-1].state)
        return snap.state
    raise NotFound(f"there is no {'whole ' if found else ''}snapshot {prefix}_iter_*.solverstate",
                   fix="Leave out -snapshot to train from the start.")


# -- writing ------------------------------------------------------------------------------


def check_writable(param: Any) -> None:
    """As ``snapshot.check_writable``; with ``snapshot_errors: WARN`` a warning."""
    with _warned(param):
        snapshot.check_writable(param)


def check_holds(param: Any, net: Net, histories: int) -> None:
    """As ``snapshot.check_holds``; with ``snapshot_errors: WARN`` a warning."""
    with _warned(param):
        snapshot.check_holds(param, net, histories)


def ends_with_snapshot(param: Any, net: Net, histories: int) -> bool:
    """Whether a training writes what it has learned, which is tried out now."""
    if param.snapshot_after_train and not param.snapshot_prefix:
        logger.warning("snapshot_prefix is not set: the trained weights will not be written")
        return False
    if param.snapshot_after_train:
        check_writable(param)
        check_holds(param, net, histories)
    return bool(param.snapshot_after_train)


@contextlib.contextmanager
def _warned(param: Any) -> Iterator[None]:
    try:
        yield
    except CaffeError as error:
        if not snapshot.goes_on(param) or not param.snapshot_prefix:
            raise
        logger.warning("%s Training goes on without snapshots (snapshot_errors: WARN).", error)


def write(
    param: Any, state: TrainingState, net: Net, test_nets: Sequence[Net], updater: Updater,
    lost: bool, average: Average | None = None,
) -> str | None:
    """Take a snapshot and delete those too old to keep; None if it failed and training goes on.

    Args:
        lost: whether the loss has become infinite or no number. Then no old snapshot is deleted:
            they are the good ones.
        average: the averages of the weights, if the solver wants them.

    Raises:
        CaffeError: it cannot be written. Older snapshots are as they were.
    """
    model = snapshot.file_name(param, state.iter, "caffemodel")
    new = [name for name in (model, snapshot.average_name(model)) if not os.path.exists(name)]
    try:
        path = snapshot.write(param, state, net, test_nets, updater, average)
    except CaffeError as error:
        for name in new:  # weights without a state take the room that the next attempt needs
            with contextlib.suppress(OSError):
                os.unlink(name)
        if not param.snapshot_prefix:
            raise
        if snapshot.goes_on(param):
            logger.warning("no snapshot of iteration %d: %s. Training goes on (snapshot_errors: "
                           "WARN).", state.iter, error)
            return None
        last = find(path_of(param, "snapshot_prefix"))
        if error.fix is None:
            error.fix = ("Free some space or mend the folder; -snapshot latest goes on from the "
                         f"snapshot of iteration {last[-1].iter}. With -snapshot_errors warn "
                         "training goes on without." if last else
                         "With -snapshot_errors warn training goes on without snapshots.")
        raise
    if not lost:
        prune(param, path)
    return path


def prune(param: Any, written: str) -> None:
    """Delete all but the newest ``snapshot_keep`` snapshots, once one has been written whole.

    Those of later iterations are another run's and stay, and so does whatever has no state.
    """
    if param.snapshot_keep < 1:
        return
    found = find(path_of(param, "snapshot_prefix"))
    now = next((snap.iter for snap in found if snap.state == written), -1)
    old = [snap for snap in found if snap.iter <= now]
    for snap in old[: -param.snapshot_keep]:
        # the state first: weights without a state do no harm, a state without weights does
        for path in (snap.state, snap.weights, snapshot.average_name(snap.weights)):
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            except OSError as error:
                logger.warning("cannot delete the old snapshot %s: %s", path, error.strerror)
