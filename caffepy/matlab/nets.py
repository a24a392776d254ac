"""Verbs on nets."""

from __future__ import annotations

from typing import Any

import numpy as np

from caffepy.errors import ConfigError, NotFound, did_you_mean
from caffepy.matlab.frames import Handles
from caffepy.matlab.handles import Table
from caffepy.matlab.verbs import Array, verb
from caffepy.proto import caffe_pb2
from caffepy.pycaffe.net import Net

PHASES = {"train": caffe_pb2.TRAIN, "test": caffe_pb2.TEST}


@verb
def get_net(table: Table, model_file: str, phase_name: str) -> Handles:
    if phase_name not in PHASES:
        raise ConfigError("phase_name can only be 'train' or 'test'", found=f"'{phase_name}'",
                          fix=did_you_mean(phase_name, PHASES))
    return given(table, [Net(model_file, PHASES[phase_name])])


@verb
def delete_net(table: Table, net: Handles) -> None:
    table.give_back(net)


@verb
def net_get_attr(table: Table, net: Handles) -> dict[str, Any]:
    """What a net is made of; indices from 0, as the original's."""
    entry = table.find(net, Net)
    inside, place = entry.thing._caffepy, entry.place
    return {
        "hLayer_layers": table.give(
            ((layer, f"{place}, layer '{layer.name}'") for layer in inside.core.layers),
            entry.number),
        "hBlob_blobs": table.give(
            ((blob, f"{place}, blob '{name}'") for name, blob in inside.blobs.items()),
            entry.number),
        "input_blob_indices": column(inside.inputs),
        "output_blob_indices": column(inside.outputs),
        "layer_names": inside.layer_names,
        "blob_names": inside.blob_names,
    }


@verb
def net_forward(table: Table, net: Net) -> None:
    net._caffepy.core.forward()


@verb
def net_backward(table: Table, net: Net) -> None:
    net._caffepy.core.backward()


@verb
def net_copy_from(table: Table, net: Net, weights_file: str) -> None:
    net.copy_from(weights_file)


@verb
def net_reshape(table: Table, net: Net) -> None:
    net.reshape()


@verb
def net_save(table: Table, net: Net, weights_file: str) -> None:
    net.save(weights_file)


@verb
def net_find_blob(table: Table, net: Net, blob_name: str) -> float:
    """A blob's index, from 0: for who has not found the name, to be told what is near."""
    return float(_index(net._caffepy.blob_names, blob_name, "blob"))


@verb
def net_find_layer(table: Table, net: Net, layer_name: str) -> float:
    """The same for a layer."""
    return float(_index(net._caffepy.layer_names, layer_name, "layer"))


def given(table: Table, nets: list[Net]) -> Handles:
    """Handles of nets."""
    return table.give((net, net._caffepy.place) for net in nets)


def column(indices: list[int]) -> Array:
    """Indices as a column."""
    return np.array(indices, np.float64)


def _index(names: list[str], name: str, what: str) -> int:
    if name not in names:
        raise NotFound(f"there is no {what} '{name}'", fix=did_you_mean(name, names))
    return names.index(name)
