"""Pictures for the scripts: a filled square (0) or a cross (1) on noise, 16 x 16, one channel."""
import numpy as np


def draw(label, rng):
    image = rng.rand(16, 16) * 0.3
    y, x = rng.randint(3, 12, 2)
    if label == 0:
        image[y - 2:y + 3, x - 2:x + 3] = 1
    else:
        image[y - 3:y + 4, x] = 1
        image[y, x - 3:x + 4] = 1
    return image


def batch(count, seed):
    rng = np.random.RandomState(seed)
    labels = rng.randint(0, 2, count)
    return np.array([draw(label, rng)[np.newaxis] for label in labels]), labels
