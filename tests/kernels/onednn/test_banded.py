"""Single pictures that are cut into bands: the numbers, the edges, and which pictures."""

from dataclasses import replace

import pytest
from kernels.onednn.pairs import normal, tensor
from kernels.onednn.test_convolution import spec_of
from numpy.testing import assert_allclose

from caffepy.core.memory import Place
from caffepy.kernels.onednn import OneDnnEngine, banded
from caffepy.kernels.reference import ReferenceEngine

CASES = {
    "SqueezeNet's": spec_of((1, 3, 45, 29), 64, (3, 3), (2, 2)),
    "padding above and below": spec_of((1, 3, 32, 18), 32, (7, 7), (2, 2), (3, 3)),
    "no bias": spec_of((1, 3, 40, 9), 16, (3, 3), pad=(1, 1), bias=False),
    "AlexNet's": spec_of((1, 3, 131, 40), 24, (11, 11), (4, 4)),
    "one channel": spec_of((1, 1, 29, 23), 20, (5, 5)),
    "four channels, wide kernel": spec_of((1, 4, 21, 30), 8, (2, 5), (1, 3), (0, 2)),
    "padding beyond what is used": spec_of((1, 3, 34, 8), 16, (3, 3), (2, 2), (1, 1)),
    "more rows of zeros than a kernel has": spec_of((1, 3, 6, 20), 16, (3, 3), pad=(7, 1)),
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(banded, "LEAST_NUMBERS", 0)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("place", [Place.HOST, Place.HOST_LAST], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_as_the_reference_computes(name, place, threads):
    spec = replace(CASES[name], training=False)
    ours = OneDnnEngine(threads=threads).plan(spec)
    theirs = ReferenceEngine().plan(spec)
    assert banded.WAY in ours.detail and not ours.fuses_sum
    w = tensor(normal(spec.w, 1), Place.HOST)
    b = tensor(normal((spec.w[0],), 2), Place.HOST) if spec.bias else None
    for seed, run in enumerate(("forward", "forward_relu", "forward")):
        values = normal(spec.x, seed)
        found = []
        for kernel in (ours, theirs):
            y = tensor(normal(spec.y, 9), Place.HOST_LAST)
            getattr(kernel, run)(tensor(values, place), w, b, y)
            found.append(y.read(Place.HOST).copy())
        assert_allclose(*found, rtol=1e-4, atol=1e-4)


def test_which_pictures_are_cut(monkeypatch):
    monkeypatch.undo()
    spec = replace(spec_of((1, 3, 224, 224), 64, (3, 3), pad=(1, 1)), training=False)
    assert banded.bands_of(spec, 2) == 2 and banded.bands_of(spec, 64) == 28
    whole = [replace(spec, training=True), spec_of((1, 3, 60, 60), 8, (3, 3)),
             spec_of((2, 3, 224, 224), 64, (3, 3)), spec_of((1, 16, 224, 224), 64, (3, 3)),
             spec_of((1, 4, 224, 224), 64, (3, 3), group=2), spec_of((1, 3, 224, 224), 64, (1, 1)),
             spec_of((1, 3, 224, 224), 64, (3, 3), dilation=(2, 2))]
    for other in (replace(one, training=one.training and one is whole[0]) for one in whole):
        assert banded.bands_of(other, 2) == 1
    assert banded.bands_of(spec, 1) == 1
    assert banded.WAY not in OneDnnEngine(threads=1).plan(spec).detail
