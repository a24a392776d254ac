"""Batches of whole pictures, and what becomes of those that do not fit."""

import numpy as np
import pytest

from caffepy.data.transform import Transformer
from caffepy.data.whole import Collector
from caffepy.proto import caffe_pb2

DRAW = np.random.default_rng(2)
COUNT = 4


def pictures(shape=(3, 7, 8)):
    return [DRAW.integers(0, 256, shape, np.uint8) for _ in range(COUNT)]


def collector(**param):
    transformer = Transformer(caffe_pb2.TransformationParameter(**param), caffe_pb2.TRAIN, 5, "s")
    return Collector(transformer, lambda count: np.empty(count, np.uint8))


def passing(items):
    """As sources give them: each is gone when the next one comes."""
    for item in items:
        shown = item.copy()
        yield shown
        shown[...] = 99


@pytest.mark.parametrize("pixels", [False, True])
def test_pictures_side_by_side_as_they_lie(pixels):
    items = pictures()
    given = [np.ascontiguousarray(p.transpose(1, 2, 0)).transpose(2, 0, 1) for p in items] \
        if pixels else items
    batch, rest = collector(crop_size=5).collect(given, COUNT, 0, 1)
    np.testing.assert_array_equal(batch.pictures, items)
    assert batch.shape == (COUNT, 3, 5, 5) and not list(rest)
    assert batch.pictures.transpose(0, 2, 3, 1).flags.c_contiguous == pixels
    assert batch.pictures.flags.c_contiguous != pixels


@pytest.mark.parametrize("first, step", [(0, 1), (17, 3)])
def test_cuts_are_those_of_the_transformation(first, step):
    """Each picture cut as told is what the transformer makes of it."""
    items = pictures()
    for param in ({"crop_size": 4, "mirror": True}, {"mirror": True}, {"crop_size": 4}, {}):
        source = collector(**param)
        batch, _ = source.collect(passing(items), COUNT, first, step)
        out = np.empty(batch.shape, np.float32)
        source.transformer.batch(items, first, out, step)
        for picture, (top, left, mirror), wanted in zip(items, batch.cuts, out, strict=True):
            cut = picture[:, top : top + out.shape[2], left : left + out.shape[3]]
            np.testing.assert_array_equal(cut[:, :, ::-1] if mirror else cut, wanted)


@pytest.mark.parametrize("where", range(COUNT))
@pytest.mark.parametrize("odd", [np.zeros((3, 7, 8), np.float32), np.zeros((3, 8, 8), np.uint8)])
def test_what_does_not_fit_comes_back_whole(odd, where):
    items = pictures()
    items[where] = odd
    source = collector(crop_size=5)
    given = [picture.copy() for picture in items]
    batch, rest = source.collect(passing(given), COUNT, 0, 1)
    assert batch is None
    for picture, wanted in zip(rest, items, strict=True):
        np.testing.assert_array_equal(picture, wanted)
    assert source.collect(pictures(), COUNT, 4, 1)[0] is None, "it has ended for good"


def test_memory_serves_again_for_batches_of_its_shape():
    source = collector()
    batch, _ = source.collect(pictures(), COUNT, 0, 1)
    source.recycle(batch)
    assert source.collect(pictures(), COUNT, 4, 1)[0] is batch
    source.recycle(batch)
    assert source.collect(pictures((3, 9, 9)), COUNT, 8, 1)[0].shape == (COUNT, 3, 9, 9)
