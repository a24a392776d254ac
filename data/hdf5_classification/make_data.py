"""Draws the rows of the HDF5 example; scripts/create_hdf5_classification.sh calls it.

Four numbers a row, of which the first two tell the classes apart: each class has two clouds around
places of its own, stretched at random, so that a straight line does not do it well. The same seed
draws the same rows. Each part is written whole or not at all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from caffepy.proto.files import atomic_path, atomic_write  # noqa: E402

ROWS, TRAIN, FEATURES = 10000, 7500, 4
SEED = 1701
CORNERS = ((2.0, 1.0), (-1.5, -0.5)), ((2.0, -1.5), (-0.5, 0.5))  # of each class's two clouds


def rows(seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """ROWS x FEATURES numbers and ROWS labels 0 and 1, in random order."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((ROWS, FEATURES))
    labels = np.arange(ROWS) % len(CORNERS)
    clouds = np.arange(ROWS) // len(CORNERS) % 2
    for label, corners in enumerate(CORNERS):
        for cloud, corner in enumerate(corners):
            chosen = (labels == label) & (clouds == cloud)
            stretch = random.uniform(-0.6, 0.6, (2, 2)) + 0.6 * np.eye(2)
            x[chosen, :2] = x[chosen, :2] @ stretch + corner
    order = random.permutation(ROWS)
    return x[order].astype(np.float32), labels[order].astype(np.float32)


def write(part: str, x: np.ndarray, labels: np.ndarray, times: int) -> None:
    """``part``.h5 and the list ``part``.txt, which names it ``times`` times."""
    import h5py

    with atomic_path(HERE / f"{part}.h5") as path, h5py.File(path, "w") as file:
        file["data"], file["label"] = x, labels
    name = (HERE / f"{part}.h5").relative_to(ROOT).as_posix()
    with atomic_write(HERE / f"{part}.txt") as listing:
        listing.write(f"{name}\n".encode() * times)


def main() -> None:
    x, labels = rows()
    # the training list names its file twice, to show that a list may have several
    write("train", x[:TRAIN], labels[:TRAIN], 2)
    write("test", x[TRAIN:], labels[TRAIN:], 1)
    print("Made train.h5, train.txt, test.h5 and test.txt in data/hdf5_classification")


if __name__ == "__main__":
    main()
