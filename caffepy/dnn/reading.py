"""readNetFromCaffe: a net from a prototxt and a caffemodel, as files or as bytes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from caffepy.core import graph, registry
from caffepy.core.upgrade import read_net_param, upgrade_net
from caffepy.dnn.net import Net
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, files, hdf5, text, wire
from caffepy.proto.wirereader import Region
from caffepy.services.picture_rule import PictureRule

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | np.ndarray[Any, Any]

PROTOTXT = "the prototxt in memory"
CAFFEMODEL = "the caffemodel in memory"


def readNetFromCaffe(prototxt: Source | None = None, caffeModel: Source | None = None, *,
                     bufferProto: Source | None = None, bufferModel: Source | None = None) -> Net:
    """A net for use, of any age of the format and with the layers of all forks that caffepy has.

    Args:
        prototxt: a path, or the file's bytes: bytes, or a uint8 array.
        caffeModel: a .caffemodel (or .caffemodel.h5), in the same way; None or "" for a net whose
            parameters are set later.
        bufferProto, bufferModel: OpenCV's names of both where they are bytes.

    Raises:
        CaffeError: a file is missing, damaged or of another kind, or the net in it is wrong.
    """
    prototxt = prototxt if bufferProto is None else bufferProto
    if prototxt is None:
        raise TypeError("readNetFromCaffe() needs a prototxt")
    model = caffeModel if bufferModel is None else bufferModel
    param, path, source = _description(prototxt)
    rule = PictureRule.of(param, path)
    param.state.phase = caffe_pb2.TEST
    kept = graph.filter_net(param, param.state, source)
    graph.read_tops(kept, source, param, "dnn")  # a bottom that nobody makes is told here
    net = Net(kept, source, rule)
    if model is not None and not (isinstance(model, str) and not model):
        net.load(_weights(model))
    return net


def _description(source: Source) -> tuple[Any, str, Any]:
    """The NetParameter, its file's name ("" for bytes) and where its layers are written."""
    if isinstance(source, (str, os.PathLike)):
        param, written = read_net_param(source)
        return param, os.fspath(source), written
    param = caffe_pb2.NetParameter()
    content = _bytes(source)
    if not content.strip():
        raise ConfigError("there is not a byte in it", where=PROTOTXT)
    if other := files.stranger(memoryview(content)):
        raise ConfigError("this is no prototxt", where=PROTOTXT, found=other[0], fix=other[1])
    written = text.parse(content, param, name=PROTOTXT, types=registry.names)
    upgrade_net(param, PROTOTXT)
    return param, "", written


def _weights(source: Source) -> wire.Weights:
    if isinstance(source, (str, os.PathLike)):
        return hdf5.read_net(source) if wire.sniff(source) == "hdf5" else wire.read_net(source)
    data = memoryview(_bytes(source))
    if other := files.stranger(data):
        raise ConfigError("this is no caffemodel", where=CAFFEMODEL, found=other[0], fix=other[1])
    return wire.net_of(Region.whole(data, CAFFEMODEL))


def _bytes(source: Any) -> bytes:
    if isinstance(source, np.ndarray) and source.dtype != np.uint8:
        raise ConfigError("a file's bytes are an array of uint8", found=source.dtype,
                          fix='Write np.fromfile(path, np.uint8), or give the path.')
    return source.tobytes() if isinstance(source, np.ndarray) else bytes(source)


def readNet(model: Source, config: Source = "", framework: Any = "") -> Net:
    """readNetFromCaffe with its two files in either order, told apart by their names.

        readNet(model[, config[, framework]]), readNet("caffe", bufferModel[, bufferConfig])

    Raises:
        ConfigError: neither is a prototxt. CaffeError: as readNetFromCaffe.
    """
    files_given = (config, framework) if isinstance(model, str) and model.lower() == "caffe" else (
        model, config)
    given = [file for file in files_given if not isinstance(file, str) or file]
    texts = [file for file in given if is_prototxt(file)]
    if not texts:
        raise ConfigError("there is no prototxt", found=" and ".join(map(str, given)) or "nothing",
                          fix="Give the net's .prototxt and its .caffemodel.")
    return readNetFromCaffe(texts[0], next((file for file in given if file is not texts[0]), None))


def is_prototxt(file: Any) -> bool:
    """Whether a file's name, or bytes, are those of a prototxt."""
    if isinstance(file, (str, os.PathLike)):
        return os.fspath(file).endswith((".prototxt", ".pt", ".prototxt.txt"))
    return files.sniff_bytes(memoryview(_bytes(file))) == "prototxt"


def is_caffe(*names: Any) -> bool:
    """Whether one of these is a file of Caffe's by its name."""
    return any(isinstance(name, (str, os.PathLike)) and os.fspath(name).endswith(
        (".prototxt", ".prototxt.txt", ".caffemodel")) for name in names)
