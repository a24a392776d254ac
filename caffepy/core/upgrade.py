"""Old files made new: whatever their age, nets and solvers come out in the current format.

    param, source = read_net_param("train_val.prototxt")
    param, source = read_solver_param("solver.prototxt")

In this order, as the original has it: V0 layers (upgrade_v0), settings of the data layers that now
live in transform_param, V1 layers, input fields, BatchNorm with three param blocks. What is done
is logged in the original's words.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from google.protobuf.message import Message

from caffepy import log
from caffepy.core import known_part, registry, upgrade_v0
from caffepy.core.upgrade_input import upgrade_input
from caffepy.core.upgrade_unknown import keep_unknown_fields
from caffepy.errors import ConfigError, DataError, shown
from caffepy.proto import caffe_pb2, files, fork_words, forkwire, text
from caffepy.proto.paths import path_of, set_path
from caffepy.proto.text import Source

logger = log.get(__name__)

Path = str | os.PathLike[str]

ATTEMPT = "Attempting to upgrade input file specified using deprecated"
DONE = "Successfully upgraded file specified using deprecated"
FUTURE = "Note that future Caffe releases will"
TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")
DATA_PARAMS = {"DATA": "data_param", "IMAGE_DATA": "image_data_param",
               "WINDOW_DATA": "window_data_param", "VIDEO_DATA": "image_data_param"}  # fmt: skip
SOLVER_TYPES = {"SGD": "SGD", "NESTEROV": "Nesterov", "ADAGRAD": "AdaGrad", "RMSPROP": "RMSProp",
                "ADADELTA": "AdaDelta", "ADAM": "Adam"}  # fmt: skip
# types of forks in V1 whose names today are not those of the enum with other letters
V1_FORKS = {"DENSE_CRF": "DenseCRF", "ELTWISE_PRODUCT": "Eltwise",
            "MCWINDOW_DATA": "MCWindowData", "BIN_ACCURACY": "BinaryAccuracy",
            "RED_SOFTMAX_LOSS": "RedSoftmaxWithLoss",
            "VOXEL_SOFTMAX_LOSS": "VoxelSoftmaxWithLoss"}  # fmt: skip
V1_LISTS = ("param", "blob_share_mode", "blobs_lr", "weight_decay")  # ParamSpec's fields in V1
V1Type = caffe_pb2.V1LayerParameter.LayerType


def read_net_param(path: Path) -> tuple[caffe_pb2.NetParameter, Source]:
    """A net from a prototxt of any age, in the current format, and where its layers are written.

    Raises:
        NotFound: no such file.
        ConfigError: it does not parse, or cannot be upgraded.
    """
    param = caffe_pb2.NetParameter()
    source = text.read(path, param, registry.names)
    upgrade_net(param, source.path)
    return param, source


def own_net_param(source: Path | tuple[caffe_pb2.NetParameter, Source] | caffe_pb2.NetParameter
                  ) -> tuple[caffe_pb2.NetParameter, Source | None]:
    """A net to change at will, from a prototxt file, from what read_net_param gave, or from a
    message, which is copied and upgraded; and where its layers are written, if they are."""
    if isinstance(source, (str, os.PathLike)):
        return read_net_param(source)
    if isinstance(source, tuple):
        return source
    param = caffe_pb2.NetParameter()
    param.CopyFrom(source)
    upgrade_net(param)
    return param, None


def read_net_param_binary(path: Path) -> caffe_pb2.NetParameter:
    """A net with its weights from a caffemodel of any age, in the current format.

    What forks have under numbers of their own is read as their words (proto.forkwire). To load
    weights into a net use caffepy.proto.wire.read_net, which is far faster.

    Raises:
        NotFound: no such file.
        DataError: it is damaged, or of another kind.
        ConfigError: it cannot be upgraded.
    """
    place = os.fspath(path)
    param = caffe_pb2.NetParameter()
    with files.mapped(path) as data:
        kind = files.sniff_bytes(data)
        if kind not in ("caffemodel", "unknown"):
            raise DataError("this is no caffemodel", where=place, found=f"a {kind} file")
        content = forkwire.ours(data, place)
        try:
            param.ParseFromString(content)
        except Exception as error:  # DecodeError; its class differs by protobuf's runtime
            raise DataError(f"a damaged caffemodel: {error}", where=place) from None
    upgrade_net(param, place)
    return param


def read_solver_param(path: Path) -> tuple[caffe_pb2.SolverParameter, Source]:
    """A solver from a prototxt of any age, in the current format, its snapshot_prefix filled in.

    Raises: as ``read_net_param``.
    """
    param = caffe_pb2.SolverParameter()
    try:
        source = text.read(path, param, registry.names)
    except text.PrototxtError as error:
        error.snippet += "".join(f"\n{other}" for other in _mistakes_of_nets(param))
        raise
    upgrade_solver(param, source.path)
    fill_snapshot_prefix(param, source.path)
    return param, source


def _mistakes_of_nets(param: caffe_pb2.SolverParameter) -> Iterator[ConfigError]:
    """What is wrong in the nets of a solver that is wrong itself: one run tells both."""
    for path in dict.fromkeys((param.net, param.train_net, *param.test_net)):
        if os.path.isfile(path):
            try:
                net, source = read_net_param(path)
                known_part.require(net.layer, net.layer, source)
            except ConfigError as error:
                yield error


def upgrade_net(param: caffe_pb2.NetParameter, path: str = "") -> list[str]:
    """Bring a net to the current format, in place.

    Args:
        path: the file the net came from, for the log.

    Returns: what was logged: one note for each step begun, ended or warned of.

    Raises:
        ConfigError: what cannot be upgraded: unknown old types, ``layer`` beside ``layers``...
    """
    notes = _Notes()
    place = f"{shown(path)}: " if path else ""
    if any(layer.HasField("layer") for layer in param.layers):
        notes.info(f"{ATTEMPT} V0LayerParameter: {path}")
        problems = upgrade_v0.upgrade(param)
        for problem in problems:
            notes.error(problem)
        if problems:
            notes.error("Warning: had one or more problems upgrading V0NetParameter to "
                        "NetParameter (see above); continuing anyway.")  # fmt: skip
        else:
            notes.info(f"{DONE} V0LayerParameter")
        notes.warning(f"{FUTURE} not support V0NetParameter; upgrade_net_proto_text upgrades "
                      "prototxt, and upgrade_net_proto_binary model weights.")  # fmt: skip
    if any(_old_transform(layer) for layer in param.layers):
        notes.info(f"{ATTEMPT} transformation parameters: {path}")
        for layer in param.layers:
            _upgrade_transform(layer)
        notes.info(f"{DONE} data transformation parameters.")
        notes.warning(f"{FUTURE} only support transform_param messages for transformation fields.")
    if param.layers:
        notes.info(f"{ATTEMPT} V1LayerParameter: {path}")
        _upgrade_layers(param, path)
        notes.info(f"{DONE} V1LayerParameter")
    if param.input:
        notes.info(f"{ATTEMPT} input fields: {path}")
        for left_out in upgrade_input(param, path):
            notes.warning(f"{place}{left_out}.")
        notes.info(f"{DONE} input fields.")
        notes.warning(f"{FUTURE} only support input layers and not input fields.")
    elif param.input_dim or param.input_shape:
        notes.warning(f'{place}shapes without an input do nothing: name it, input: "data".')
    norms = [layer for layer in param.layer if layer.type == "BatchNorm" and len(layer.param) == 3]
    if any(spec.lr_mult or spec.decay_mult for layer in norms for spec in layer.param):
        notes.info(f"Attempting to upgrade batch norm layers using deprecated params: {path}")
        for spec in (spec for layer in norms for spec in layer.param):
            spec.lr_mult = spec.decay_mult = 0  # statistics, which no solver may touch
        notes.info("Successfully upgraded batch norm layers using deprecated params.")
    return notes.lines


def upgrade_solver(param: caffe_pb2.SolverParameter, path: str = "") -> list[str]:
    """Bring a solver, and the nets written in it, to the current format, in place.

    Returns and raises: as ``upgrade_net``.
    """
    notes = _Notes()
    if param.HasField("solver_type"):
        if param.HasField("type"):
            raise ConfigError("solver_type and type are both given", where=path or None,
                              fix="Keep type.")  # fmt: skip
        notes.info(f"{ATTEMPT} 'solver_type' field (enum)': {path}")
        param.type = SOLVER_TYPES[caffe_pb2.SolverParameter.SolverType.Name(param.solver_type)]
        param.ClearField("solver_type")
        notes.info(f"{DONE} 'solver_type' field (enum) to 'type' field (string).")
        notes.warning(f"{FUTURE} only support 'type' field (string) for a solver's type.")
    for field in ("net_param", "train_net_param"):
        if param.HasField(field):
            notes.lines += upgrade_net(getattr(param, field), path)
    for net in param.test_net_param:
        notes.lines += upgrade_net(net, path)
    return notes.lines


def fill_snapshot_prefix(param: caffe_pb2.SolverParameter, path: str) -> None:
    """Without snapshot_prefix, snapshots go beside the solver file; in a folder, by its name."""
    stem, _ = os.path.splitext(path)
    prefix = path_of(param, "snapshot_prefix")
    if not prefix:
        set_path(param, "snapshot_prefix", stem)
        logger.info("snapshot_prefix was not specified and is set to %s", stem)
    elif os.path.isdir(prefix):
        prefix = os.path.join(prefix, os.path.basename(stem))
        set_path(param, "snapshot_prefix", prefix)
        logger.info("snapshot_prefix was a directory and is replaced to %s", prefix)


class _Notes:
    """Logs lines and keeps them."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, level: int, line: str) -> None:
        logger.log(level, "%s", line, stacklevel=3)
        self.lines.append(line)

    def info(self, line: str) -> None:
        self.add(logging.INFO, line)

    def warning(self, line: str) -> None:
        self.add(logging.WARNING, line)

    def error(self, line: str) -> None:
        self.add(logging.ERROR, line)


def _old_transform(layer: caffe_pb2.V1LayerParameter) -> Message | None:
    """The data layer's own message if it has settings that belong in transform_param."""
    field = DATA_PARAMS.get(V1Type.Name(layer.type)) if layer.HasField("type") else None
    own = getattr(layer, field) if field else None
    return own if own and any(own.HasField(name) for name in TRANSFORM) else None


def _upgrade_transform(layer: caffe_pb2.V1LayerParameter) -> None:
    own = _old_transform(layer)
    if own is None:
        return
    for name in TRANSFORM:
        if own.HasField(name):
            setattr(layer.transform_param, name, getattr(own, name))
            own.ClearField(name)


def _upgrade_layers(param: caffe_pb2.NetParameter, path: str) -> None:
    if param.layer:  # the original drops the blocks of `layer` here
        raise ConfigError(
            'the net has both "layer" and "layers" blocks, formats of different age',
            where=path or None,
            fix='Write all of them as "layer".',
        )
    for old in param.layers:
        _upgrade_layer(old, param.layer.add(), path)
    param.ClearField("layers")


def _upgrade_layer(
    old: caffe_pb2.V1LayerParameter, new: caffe_pb2.LayerParameter, path: str
) -> None:
    keep_unknown_fields(old, new)
    if old.type == V1Type.Value("ELTWISE_PRODUCT"):  # C3D's, from before Eltwise had operations
        new.eltwise_param.operation = caffe_pb2.EltwiseParameter.PROD
    for field, value in old.ListFields():
        if field.name in V1_LISTS:
            continue
        if field.name == "unknown_type":
            new.type = registry.from_v1(value) or value
        elif field.name == "type":
            new.type = _type_of(old, path)
            if old.type == V1Type.CROP:  # only forks had it, and theirs lined its bottoms up
                new.crop_param.align = True
        elif hasattr(value, "MergeFrom"):  # a message, or a list
            getattr(new, field.name).MergeFrom(value)
        else:
            setattr(new, field.name, value)
    names = ("name", "share_mode", "lr_mult", "decay_mult")
    for v1_name, name in zip(V1_LISTS, names, strict=True):
        for i, value in enumerate(getattr(old, v1_name)):
            spec = new.param[i] if i < len(new.param) else new.param.add()
            setattr(spec, name, value)


def _type_of(old: caffe_pb2.V1LayerParameter, path: str) -> str:
    name = V1Type.Name(old.type)
    if name == "NONE":
        return ""
    new = registry.from_v1(name)
    if new is None and old.type < fork_words.FIRST:
        error = ConfigError(
            f"no layer type is known for {name} of the V1 format", where=f"layer '{old.name}'"
        )
        raise error.at(path) if path else error
    return new or V1_FORKS.get(name) or fork_type(name)


def fork_type(name: str) -> str:
    """What a fork calls its V1 type today: ``"SEG_ACCURACY"`` gives ``"SegAccuracy"``."""
    words = (word.capitalize() for word in name.split("_"))
    return "".join(f"{word[:-2]}3D" if word.endswith("3d") else word for word in words)
