"""The parts of which sheets are made: transform_param taken back, levels, pages."""

import numpy as np
import pytest
from support import build

from caffepy.data.datum import from_array
from caffepy.data.db import new_db
from caffepy.proto import wire
from caffepy.services.picture_rule import PictureRule
from caffepy.services.sheets.levels import Levels
from caffepy.services.sheets.page import GAP, HEAD, LINE, Line, Tile, fitted, page
from caffepy.services.sheets.untransformed import Untransformed

RNG = np.random.default_rng(1701)


def write_mean(path, mean):
    with open(path, "wb") as file:
        wire.write_blob(file, mean)
    return str(path)


@pytest.mark.parametrize("channels, settings, done", [
    (3, "", []),
    (3, "scale: 0.25", ["scale"]),
    (3, "mean_value: 10 mean_value: 20 mean_value: 30", ["mean_value"]),
    (2, "scale: 0.5 mean_value: 100", ["scale", "mean_value"]),
    (1, 'scale: 2 mean_file: "{mean}"', ["scale", "mean_file (its middle)"]),
    (3, 'mean_file: "{mean}"', ["mean_file (its middle)"]),
])
def test_what_data_did_is_taken_back(tmp_path, channels, settings, done):
    picture = RNG.integers(0, 256, (channels, 9, 8), np.uint8)
    with new_db(str(tmp_path / "db"), "lmdb") as db:
        db.put(b"0", from_array(picture, 3).SerializeToString())
    mean = write_mean(tmp_path / "mean", RNG.normal(100, 9, (1, channels, 9, 8)).astype("f4"))
    layer, bottom, top = build(
        f'type: "Data" top: "data" top: "label" data_param {{ source: "{tmp_path}/db" '
        f'backend: LMDB batch_size: 1 }} transform_param {{ crop_size: 5 '
        f'{settings.format(mean=mean)} }}', phase="TEST")
    layer.forward(bottom, top)
    back = Untransformed(PictureRule.of_training(layer.spec, ()), top[0].shape[1:])
    layer.close()
    assert back.done == done
    np.testing.assert_allclose(back(top[0].data[0]), picture[:, 2:7, 1:6], atol=1e-4)


@pytest.mark.parametrize("mean, rule, expected", [
    ((2, 3, 4, 4), {}, "whole"),     # of a clip
    ((2, 1, 4, 4), {}, "whole"),     # of a frame
    (None, {"mean_value": (5.0, 7.0)}, [5, 7]),
])
def test_clips(tmp_path, mean, rule, expected):
    values = RNG.normal(size=(2, 3, 4, 4)).astype("f4")
    if mean:
        held = RNG.normal(size=(1, *mean)).astype("f4")
        rule = {"mean_file": write_mean(tmp_path / "mean", held)}
        expected = held[0]
    else:
        expected = np.reshape(expected, (2, 1, 1, 1))
    np.testing.assert_allclose(Untransformed(PictureRule(**rule), values.shape)(values),
                               values + expected, rtol=1e-6)


def test_the_mean_of_a_frame_is_that_of_all():
    back = Untransformed(PictureRule(mean_value=(1.0, 2.0, 3.0)), (6, 2, 2))
    assert back(np.zeros((6, 2, 2)))[:, 0, 0].tolist() == [1, 2, 3, 1, 2, 3]
    assert Untransformed(PictureRule(mean_value=(1.0,)), (4,)).done == []  # no picture


def test_levels():
    assert Levels.of(0, 255) == Levels.of(-0.5, 255.9) == Levels() and not Levels().stretched
    assert Levels().bytes(np.array([-3, 0.4, 0.6, 254.7, 300])).tolist() == [0, 0, 1, 255, 255]
    shares = Levels.of(0, 1)
    assert shares.stretched and shares.bytes(np.array([0, 0.5, 1])).tolist() == [0, 128, 255]
    assert Levels.of(-2, 3).bytes(np.array([-2, 0.5, 3])).tolist() == [0, 128, 255]
    assert Levels().bytes(np.array([np.nan, -np.inf, np.inf])).tolist() == [0, 0, 255]
    assert Levels.of(1, 1).bytes(np.array([1, 1])).tolist() == [0, 0]  # all alike


def test_a_page_has_each_picture_in_its_place():
    tiles = [Tile(np.full((20, 30, 3), 10 * i, np.uint8), [Line("a"), Line("b" * 99)])
             for i in range(5)]
    made = page(tiles, ["one", "two"], (24, 30), 3)
    head, height, width = HEAD + LINE, 24 + 2 * LINE + GAP, 30 + GAP
    assert made.shape[0] == head + 2 * height + GAP and made.shape[1] >= 3 * width
    for i, tile in enumerate(tiles):
        top, left = head + GAP + i // 3 * height + 2, GAP + i % 3 * width
        np.testing.assert_array_equal(made[top : top + 20, left : left + 30], tile.picture)
        below = made[top + 22 : top + 22 + 2 * LINE, left : left + 30]
        assert (below < 200).any(), "words"
    assert (made[:HEAD] < 200).any() and (made[HEAD : HEAD + LINE] < 200).any()


def test_pictures_are_fitted():
    picture = RNG.integers(0, 256, (4, 6, 3), np.uint8)
    np.testing.assert_array_equal(fitted(picture, 12), picture.repeat(2, 0).repeat(2, 1))
    assert fitted(picture, 3).shape == (2, 3, 3)
    assert fitted(np.zeros((1, 90, 3), np.uint8), 30).shape == (1, 30, 3)
