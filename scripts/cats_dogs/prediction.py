"""A trained net's word on a folder of pictures, as a CSV."""

from __future__ import annotations

import csv
import os
from itertools import islice
from pathlib import Path

import caffe
import numpy as np
from pictures import find, load


def read_mean(path: str | Path) -> np.ndarray:
    """The mean picture, 3 x H x W, BGR."""
    blob = caffe.proto.caffe_pb2.BlobProto.FromString(Path(path).read_bytes())
    return caffe.io.blobproto_to_array(blob)[0]


def predict(deploy: str, weights: str, mean: str, pictures: str, out: str) -> None:
    """Write a line ``id,label`` for each picture, the id being its name without ``.jpg``.

    Args:
        deploy: the net's prototxt, from ``data`` to ``prob``.
        mean: the .binaryproto that the net was trained with.

    Raises:
        NotFound: a file or folder is missing, or has no pictures.
        DataError: a picture cannot be decoded.
    """
    caffe.init_log(1)  # warnings alone, not how the net is built
    net = caffe.Net(deploy, caffe.TEST, weights=weights)
    shape = net.blobs["data"].data.shape
    transformer = caffe.io.Transformer({"data": shape})
    transformer.set_mean("data", read_mean(mean))
    transformer.set_transpose("data", (2, 0, 1))  # H x W x K to K x H x W; BGR it is already

    paths = iter(find(pictures))
    new = f"{out}.new"
    with open(new, "w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "label"])
        while batch := list(islice(paths, shape[0])):
            data = np.stack([transformer.preprocess("data", load(path, shape[-1]))
                             for path in batch])
            prob = net.forward_all(data=data)["prob"]
            lines.writerows((path.stem, row.argmax()) for path, row in zip(
                batch, prob, strict=True))
    os.replace(new, out)
    print(f"Wrote {out}")
