"""Weights as Caffe's own HDF5 file, a .caffemodel.h5: dataset /data/conv1/0."""

from __future__ import annotations

from pathlib import Path

from caffepy.core import weights
from caffepy.core.net import Net
from caffepy.exchange.files import Options
from caffepy.exchange.weights import named
from caffepy.proto import hdf5


def write(net: Net, path: Path, options: Options) -> list[str]:
    """Write them; returns what is to be said.

    Raises:
        ConfigError: a layer's name that HDF5 cannot hold. NumericError: the file gives other
            numbers.
    """
    weights.save_hdf5(net, path, diff=False)
    arrays = {f"{name}/{index}": array for name, blobs in _owned(net).items()
              for index, array in blobs.items()}
    if not options.check:
        return named.told(arrays, None)
    read = {f"{layer.name}/{index}": array for layer in hdf5.read_net(path).layers
            for index, array in enumerate(layer.blobs)}
    return named.told(arrays, read)


def _owned(net: Net) -> dict[str, dict[int, named.Array]]:
    owned = weights.owners(net)
    return {layer.name: {index: array for index, array in enumerate(weights.arrays(layer.blobs))
                         if (layer.name, index) in owned} for layer in net.layers}
