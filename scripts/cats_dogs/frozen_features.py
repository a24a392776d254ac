"""What a pretrained net's layer says of each picture of the databases, as HDF5.

    python scripts/cats_dogs/frozen_features.py --weights caffenet.caffemodel

The net stays as it is. Each picture passes through it once; a classifier of one layer then learns
from the features in seconds (classifier_solver.prototxt).
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import caffe
import h5py
import lmdb
import numpy as np
from prediction import read_mean

from caffepy.cli import gflags

HERE = Path(__file__).resolve().parent
DATA = "data/cats_dogs"


def extract(net: caffe.Net, blob: str, database: Path, mean: np.ndarray, out: Path) -> None:
    """Write ``out``.h5 with ``data``, N x features, and ``label``, N; and ``out``.txt, which names
    it for an HDF5Data layer."""
    with lmdb.open(str(database), readonly=True, lock=False) as env, env.begin() as records:
        total, batch = records.stat()["entries"], net.blobs["data"].num
        width = net.blobs[blob].count // net.blobs[blob].num
        new = out.with_suffix(".h5.new")
        with h5py.File(new, "w") as file:
            data = file.create_dataset("data", (total, width), np.float32)
            label = file.create_dataset("label", (total,), np.float32)
            values = (value for _, value in records.cursor())
            for first in range(0, total, batch):
                datums = [caffe.proto.caffe_pb2.Datum.FromString(value)
                          for value in islice(values, batch)]
                pictures = np.stack([caffe.io.datum_to_array(datum) for datum in datums])
                end = first + len(datums)
                answer = net.forward_all(blobs=[blob], data=pictures - mean)
                data[first:end] = answer[blob].reshape(len(datums), -1)
                label[first:end] = [datum.label for datum in datums]
    os.replace(new, out.with_suffix(".h5"))
    out.with_suffix(".txt").write_text(f"{out.with_suffix('.h5')}\n")
    print(f"Wrote {total} x {width} features to {out.with_suffix('.h5')}")


@gflags.command("frozen_features", help="Compute the features of all pictures of the databases.")
@gflags.flag("weights", str, "models/caffenet/caffenet.caffemodel", "The pretrained weights.")
@gflags.flag("deploy", str, str(HERE / "deploy_2.prototxt"), "The net.")
@gflags.flag("blob", str, "fc7", "The layer whose output is wanted.")
@gflags.flag("data", str, DATA, "Folder of the databases and the mean picture.")
def main(weights: str, deploy: str, blob: str, data: str) -> None:
    caffe.init_log(1)  # warnings alone, not how the net is built
    net = caffe.Net(deploy, caffe.TEST, weights=weights)
    mean = read_mean(Path(data) / "mean.binaryproto")
    for part in ("train", "validation"):
        extract(net, blob, Path(data) / f"{part}_lmdb", mean, Path(data) / f"features_{part}")


if __name__ == "__main__":
    main()
