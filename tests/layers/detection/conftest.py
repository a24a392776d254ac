"""A small scene: priors on a grid, true boxes near some of them, and predictions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

CLASSES = 4


class Scene(NamedTuple):
    """The bottoms of MultiBoxLoss, for two images."""

    loc: np.ndarray
    conf: np.ndarray
    priors: np.ndarray
    truth: np.ndarray

    @property
    def bottoms(self):
        return list(self)


def make_scene(seed=0, images=2, side=4, classes=CLASSES, locations=1, boxes=3):
    rng = np.random.default_rng(seed)
    centre = (np.stack(np.meshgrid(*[np.arange(side)] * 2), -1).reshape(-1, 1, 2) + 0.5) / side
    half = np.array([[0.15, 0.15], [0.2, 0.12]])
    priors = np.concatenate([centre - half, centre + half], -1).reshape(-1, 4)
    variances = np.tile([0.1, 0.1, 0.2, 0.2], len(priors))
    rows = []
    for image in range(images):
        for number in range(boxes):
            box = priors[rng.integers(len(priors))] + rng.uniform(-0.03, 0.03, 4)
            label = int(rng.integers(1, classes)) if classes > 1 else 1
            rows.append([image, label, number, *box, number == 1])
    rows.append([-1] * 8)
    return Scene(rng.normal(0, 0.5, (images, len(priors) * locations * 4)),
                 rng.normal(0, 1, (images, len(priors) * classes)),
                 np.stack([priors.reshape(-1), variances])[None],
                 np.array(rows, np.float64)[None, None])


@pytest.fixture
def scene():
    return make_scene
