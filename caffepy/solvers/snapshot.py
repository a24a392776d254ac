"""Snapshots: what a training needs to go on, in the original's two formats.

    <prefix>_iter_<N>.caffemodel      the weights           or .caffemodel.h5
    <prefix>_iter_<N>.solverstate     SolverState           or .solverstate.h5
    <prefix>_iter_<N>_average.caffemodel   with average_decay: the averaged weights

A SolverState holds the iteration, the histories of the update rule, the name of the weight file,
and in fields of our own, which other readers skip, what makes a resumed run equal an
uninterrupted one: the seed, how far each layer's reader and random stream have come, and the
losses that the displayed loss is the mean of. Histories are the first of every parameter, then,
for rules that have two, the second of every parameter.

In HDF5:

    iter, current_step    int32 (1,)
    learned_net           string
    history/<i>           float32 datasets, in the shapes of the parameters
    caffepy/state         bytes: our own fields, as a serialized SolverState
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from caffepy import log
from caffepy.core import weights
from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2, hdf5, wire
from caffepy.proto.files import file_error
from caffepy.proto.paths import path_of, set_path
from caffepy.solvers.average import Average
from caffepy.solvers.state import TrainingState
from caffepy.solvers.updater import Updater

logger = log.get(__name__)

Array = Any
PathLike = str | os.PathLike[str]

ORIGINAL_FIELDS = ("iter", "learned_net", "history", "current_step")
NO_STATE = {
    "caffemodel": "Weights alone do not tell how far a training was; start a new one from them "
                  "with -weights, or give the .solverstate beside them.",
}


# -- names --------------------------------------------------------------------------------


def file_name(param: Any, iteration: int, kind: str) -> str:
    """The name of a snapshot's ``"caffemodel"`` or ``"solverstate"``."""
    ending = ".h5" if is_hdf5(param) else ""
    return f"{path_of(param, 'snapshot_prefix')}_iter_{iteration}.{kind}{ending}"


def average_name(weights: str) -> str:
    """The file with the averaged weights that is beside a snapshot's weights."""
    stem, dot, ending = weights.rpartition(".caffemodel")
    return f"{stem}_average{dot}{ending}"


def beside(param: Any, name: str) -> str:
    """A weight file of ``snapshot_prefix`` and a name, in the snapshots' format."""
    ending = ".h5" if is_hdf5(param) else ""
    return f"{path_of(param, 'snapshot_prefix')}{name}.caffemodel{ending}"


def is_hdf5(param: Any) -> bool:
    return param.snapshot_format == caffe_pb2.SolverParameter.HDF5


def goes_on(param: Any) -> bool:
    """Whether a training goes on without a snapshot that cannot be written."""
    return bool(param.snapshot_errors == caffe_pb2.SolverParameter.WARN)


def check_writable(param: Any) -> None:
    """Find out now, not after an hour of training, whether snapshots can be written.

    Raises:
        ConfigError: ``snapshot`` is given without ``snapshot_prefix``.
        NotFound, DataError: the folder is not there, or nothing can be written to it.
    """
    if not param.snapshot_prefix:
        raise ConfigError("In solver params, snapshot is specified but snapshot_prefix is not",
                          fix='Add snapshot_prefix: "some/folder/name".', field="snapshot")
    prefix = path_of(param, "snapshot_prefix")
    folder = os.path.dirname(prefix) or "."
    # as long as the longest name that will be written beside the last of these files
    probe = f"{file_name(param, max(param.max_iter, 1), 'solverstate')}.{secrets.token_hex(6)}.part"
    try:
        with open(os.path.join(folder, "." + os.path.basename(probe)), "xb") as file:
            os.unlink(file.name)
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        reason = f"there is no folder {os.path.abspath(folder)}" if absent else (
            f"{error.strerror or error} ({os.path.abspath(folder)})")
        raise (NotFound if absent else DataError)(
            f"Cannot write to snapshot prefix '{prefix}': {reason}",
            fix="Make sure that the directory exists and is writable.", field="snapshot_prefix",
        ) from error


def check_holds(param: Any, net: Net, histories: int) -> None:
    """Find out now whether the files can hold this net.

    Args:
        histories: how many numbers the update rule remembers per weight.

    Raises:
        CaffeError: names that HDF5 does not hold, or more bytes than one protobuf message has.
    """
    if is_hdf5(param):
        weights.check_names(net)
        return
    stored = sum(blob.count for layer in net.layers for blob in layer.blobs)
    learned = sum(parameter.count for parameter in net.parameters)
    for what, count in (("weights", stored * (2 if param.snapshot_diff else 1)),
                        ("histories", learned * histories)):
        if (size := count * 4) > wire.LIMIT:
            raise DataError(f"the {what} are too much for a snapshot in BINARYPROTO",
                            found=f"{size} bytes", allowed=f"up to {wire.LIMIT}",
                            fix="Use snapshot_format: HDF5.", field="snapshot_format")


def find_weights(learned_net: str, state_path: PathLike) -> str:
    """Where the weights of a snapshot are: at the path it names, else beside the state.

    Raises:
        NotFound: in neither place.
    """
    beside = os.path.join(os.path.dirname(state_path), os.path.basename(learned_net))
    for path in (learned_net, beside):
        if os.path.isfile(path):
            return path
    raise NotFound(f"the weights of this snapshot are not there: {learned_net}",
                   where=os.fspath(state_path),
                   fix=f"Put them beside the state, as {beside}.")


# -- writing and reading ------------------------------------------------------------------


def write(
    param: Any, state: TrainingState, net: Net, test_nets: Sequence[Net], updater: Updater,
    average: Average | None = None,
) -> str:
    """Write the weights, their averages if there are any, and the state of now; returns the name
    of the state's file.

    Raises:
        CaffeError: there is no ``snapshot_prefix``, or they cannot be written.
    """
    if not param.snapshot_prefix:
        raise ConfigError("there is no snapshot_prefix to name snapshots by",
                          fix="Set it in the solver file.")
    as_hdf5 = is_hdf5(param)
    kind = "HDF5 file" if as_hdf5 else "binary proto file"
    model = file_name(param, state.iter, "caffemodel")
    path = file_name(param, state.iter, "solverstate")
    logger.info("Snapshotting to %s %s", kind, model)
    save(param, net, model, diff=param.snapshot_diff)
    averaged = ""
    if average and average.begun:
        averaged = average_name(model)
        logger.info("Snapshotting averaged weights to %s %s", kind, averaged)
        save(param, average.net, averaged)
    logger.info("Snapshotting solver state to %s %s", kind, path)
    updater.fetch_grad_scale()
    write_state(path, state.to_proto(model, net, test_nets, averaged), updater.history_blobs(),
                as_hdf5)
    return path


def save(param: Any, net: Net, path: str, diff: bool = False) -> None:
    """Write weights in the format of the snapshots."""
    (net.save_hdf5 if is_hdf5(param) else net.save)(path, diff)


def write_state(path: PathLike, state: Any, history: Sequence[Array], as_hdf5: bool) -> None:
    """Write a solver state, whole or not at all.

    Args:
        state: a SolverState without history.
        history: arrays in the shapes of their parameters.

    Raises:
        DataError: it cannot be written, or is longer than protobuf reads.
    """
    if not as_hdf5:
        wire.write_state(path, state, history)
        return
    ours = caffe_pb2.SolverState()
    ours.CopyFrom(state)
    for field in ORIGINAL_FIELDS:
        ours.ClearField(field)
    with hdf5.written(path) as file:
        file["iter"] = np.array([state.iter], np.int32)
        file["learned_net"] = np.bytes_(
            os.fsencode(path_of(state, "learned_net")) + b"\0")  # C reads to the \0
        file["current_step"] = np.array([state.current_step], np.int32)
        group = file.create_group("history")
        for index, array in enumerate(history):
            group.create_dataset(str(index), data=array)
        file["caffepy/state"] = np.frombuffer(ours.SerializeToString(), np.uint8)


def read_state(path: PathLike) -> tuple[Any, list[Array]]:
    """The SolverState without history, and the history, of either format.

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or holds something else, such as weights.
    """
    kind = wire.sniff(path)
    if kind == "hdf5":
        return _read_hdf5(os.fspath(path))
    if kind in NO_STATE:
        raise DataError("this file has weights, not the state of a training",
                        where=os.fspath(path), fix=NO_STATE[kind])
    return wire.read_state(path)


def _read_hdf5(path: str) -> tuple[Any, list[Array]]:
    try:
        with h5py.File(path, "r") as file:
            if "iter" not in file or "history" not in file:
                fix = NO_STATE["caffemodel"] if "data" in file else None
                raise DataError("this HDF5 file has no state of a training", where=path,
                                found=", ".join(sorted(file)) or "an empty file", fix=fix)
            state = caffe_pb2.SolverState()
            if "caffepy/state" in file:
                state.ParseFromString(hdf5.values(file["caffepy/state"], path).tobytes())
            state.iter = int(np.ravel(hdf5.values(file["iter"], path))[0])
            if "learned_net" in file:
                set_path(state, "learned_net", _text(hdf5.values(file["learned_net"], path)))
            if "current_step" in file:
                state.current_step = int(np.ravel(hdf5.values(file["current_step"], path))[0])
            group = file["history"]
            return state, [np.asarray(hdf5.values(group[str(i)], path), np.float32)
                           for i in range(len(group))]
    except CaffeError:
        raise
    except OSError as error:
        raise file_error(error, path, "read") from error
    except Exception as error:  # h5py and protobuf have many kinds for what is damaged
        raise DataError(f"a damaged solver state: {error}", where=path) from error


def _text(value: Any) -> str:
    raw = value.encode() if isinstance(value, str) else bytes(value)
    return raw.split(b"\0")[0].decode("utf-8", "surrogateescape")
