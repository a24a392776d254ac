"""A detector's answers on five pictures, worked out by hand: rows that a net reads from a file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

# where boxes lie; those of one letter overlap by 0.9 and 0.7
A, A9, A7 = [0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.4, 0.37], [0.1, 0.1, 0.4, 0.31]
B, B9 = [0.6, 0.6, 0.9, 0.9], [0.6, 0.6, 0.9, 0.87]
NONE = [-1.0] * 8

# of each picture: class, number, box, difficult; then class, score, box
PICTURES = [
    ([(1, A, 0), (2, B, 0)], [(1, 0.9, A9), (2, 0.6, A)]),
    ([(1, A, 0), (1, B, 1)], [(1, 0.8, [0.5, 0.0, 0.6, 0.1]), (1, 0.7, B9)]),
    ([(1, A, 0), (1, B, 0)], [(1, 0.8, A7), (1, 0.6, B), (1, 0.5, B9)]),
    ([], []),
    ([(2, A, 0)], [(2, 0.6, A)]),
]
# Without the difficult box class 1 has 4 true boxes. Its detections are, the best first, right,
# wrong, right (of two equal scores the one that came first), right, wrong; that of the difficult
# box does not count. Class 2 has 2; of two equal scores the first is wrong. Class 3 has none.
PRECISION = {1: [1, 1 / 2, 2 / 3, 3 / 4, 3 / 5], 2: [0, 1 / 2]}
RECALL = {1: [1 / 4, 1 / 4, 2 / 4, 3 / 4, 3 / 4], 2: [0, 1 / 2]}
AVERAGE = {
    "11point": {1: (3 * 1 + 5 * 3 / 4) / 11, 2: 6 * (1 / 2) / 11},
    "MaxIntegral": {1: (1 + 3 / 4 + 3 / 4) / 4, 2: 1 / 4},
    "Integral": {1: (1 + 2 / 3 + 3 / 4) / 4, 2: 1 / 4},
}

NET = """
layer { name: "rows" type: "HDF5Data" top: "found" top: "truth"
  hdf5_data_param { source: "list.txt" batch_size: 1 } }
layer { name: "evaluate" type: "DetectionEvaluate" bottom: "found" bottom: "truth"
  top: "detection_eval" detection_evaluate_param {
    num_classes: CLASSES evaluate_difficult_gt: false } }
"""


def rows() -> tuple[np.ndarray, np.ndarray]:
    """What DetectionOutput and the data layer give for a batch of one picture, five times; as many
    rows for each, since a file has no other shapes."""
    found = np.full((len(PICTURES), 1, 3, 7), -1.0, np.float32)
    truth = np.full((len(PICTURES), 1, 2, 8), -1.0, np.float32)
    for i, (boxes, detections) in enumerate(PICTURES):
        found[i, 0, :, 0] = 0
        for k, (label, score, box) in enumerate(detections):
            found[i, 0, k] = [0, label, score, *box]
        for k, (label, box, difficult) in enumerate(boxes):
            truth[i, 0, k] = [0, label, k, *box, difficult]
    return found, truth


def write(classes: int = 3, folder: str | Path = ".") -> str:
    """Write the rows into a folder, that in which the net will run; gives the net's text."""
    with h5py.File(Path(folder, "rows.h5"), "w") as file:
        file["found"], file["truth"] = rows()
    Path(folder, "list.txt").write_text("rows.h5\n")
    return NET.replace("CLASSES", str(classes))
