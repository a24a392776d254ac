"""Where OpenCV's importer knows a layer by another name or type, or makes several of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

TYPES = {  # Caffe's and forks' to OpenCV's
    "ConvolutionDepthwise": "Convolution",
    "DepthwiseConvolution": "Convolution",
    "Resample": "Resize",
}


@dataclass(frozen=True)
class Piece:
    """What OpenCV makes of a layer, or of a part of it.

    Attributes:
        bottoms: names of blobs.
        tops: numbers of those tops of the layer that it makes.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[int, ...]


def pieces(layer: Any) -> list[Piece]:
    """The layers that OpenCV makes of a LayerParameter, in order.

    A convolution is named by its top, and is one for each of its bottoms. A BatchNorm that is told
    to use the batch's statistics is an MVN and a BatchNorm; an Axpy is a Scale and an Eltwise.
    """
    name, kind = str(layer.name), str(layer.type)
    bottoms, tops = tuple(layer.bottom), tuple(range(len(layer.top)))
    if kind == "Convolution":
        return [Piece(top, kind, (bottom,), (number,))
                for number, (bottom, top) in enumerate(zip(bottoms, layer.top, strict=False))]
    own = layer.batch_norm_param
    if kind == "BatchNorm" and own.HasField("use_global_stats") and not own.use_global_stats:
        return [Piece(f"{name}/mvn", "MVN", bottoms, ()),
                Piece(name, kind, tuple(layer.top), tops)]
    if kind == "Axpy" and len(bottoms) == 3:
        return [Piece(f"{name}/scale", "Scale", (bottoms[2], bottoms[0]), ()),
                Piece(name, "Eltwise", (layer.top[0], bottoms[1]), tops)]
    return [Piece(name, TYPES.get(kind, kind), bottoms, tops)]


def shown(kind: str, blobs: Sequence[Array]) -> list[Array]:
    """A layer's parameters in OpenCV's shapes: a vector is a column, an InnerProduct's bias a row.

    Args:
        kind: OpenCV's type.
    """
    row = (1, -1) if kind == "InnerProduct" else (-1, 1)
    return [blob.reshape(row) if blob.ndim == 1 else blob for blob in blobs]
