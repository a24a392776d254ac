"""A model as a file holds it: a net, weights, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caffepy.errors import ConfigError


@dataclass
class Stored:
    """What is in a file.

    Attributes:
        net: the NetParameter in today's format, without weights and without the Split layers that
            nets are given when they are built; None if the file holds weights alone.
        weights: a proto.wire.Weights; None if the file is a prototxt.
    """

    path: str
    net: Any = None
    weights: Any = None


def stored(path: str) -> Stored:
    """Read a prototxt, a .caffemodel or a .caffemodel.h5, whichever its content says it is.

    Raises:
        NotFound: no such file. CaffeError: it is damaged, or of another kind.
    """
    from caffepy.core import graph
    from caffepy.core.upgrade import read_net_param, read_net_param_binary
    from caffepy.proto import hdf5, wire
    from caffepy.proto.files import sniff

    kind = sniff(path)
    if kind == "hdf5":
        return Stored(path, None, hdf5.read_net(path))
    if kind == "solverstate":
        raise ConfigError("this is no model", where=path, found="a solverstate, as it seems",
                          allowed="a prototxt, a .caffemodel or a .caffemodel.h5",
                          fix="A snapshot's weights are in its .caffemodel.")
    if kind != "caffemodel":
        return Stored(path, graph.without_splits(read_net_param(path)[0]))
    net = read_net_param_binary(path)
    for layer in net.layer:
        layer.ClearField("blobs")
    return Stored(path, graph.without_splits(net), wire.read_net(path))
