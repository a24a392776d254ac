import logging

import cv2
import numpy as np
import pytest
from support import build

from caffepy.core.net import Net
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.window_file import read_window_file
from caffepy.data.windows import WindowRecords, region, round_half_away
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

HEIGHT, WIDTH = 20, 30
RNG = np.random.default_rng(1701)
PICTURES = RNG.integers(0, 256, (2, HEIGHT, WIDTH, 3), np.uint8)
FILE = """\
# 0
first picture.png
3
20
30
4
1 0.9 2 3 12 17
2 0.5 0 0 29 19
3 0.45 5 5 9 9
0 0.1 20 2 29 11
# 1

second.png
3 20 30
1
7 0.05 4 4 11 15
"""
FOREGROUND = {1: (0, (2, 3, 12, 17)), 2: (0, (0, 0, 29, 19))}
BACKGROUND = [(0, (20, 2, 29, 11)), (1, (4, 4, 11, 15))]


@pytest.fixture
def folder(tmp_path):
    for name, picture in zip(("first picture", "second"), PICTURES, strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    (tmp_path / "windows.txt").write_text(FILE)
    return tmp_path


def params(folder, param="", transform=""):
    threshold = "" if "bg_threshold" in param else "bg_threshold: 0.4"
    return (f'window_data_param {{ source: "{folder}/windows.txt" root_folder: "{folder}/" '
            f'{threshold} {param} }} transform_param {{ {transform} }}')


def line(folder, param="batch_size: 8 fg_fraction: 0.5", transform="crop_size: 6"):
    return f'type: "WindowData" top: "data" top: "label" {params(folder, param, transform)}'


def source(folder, param="batch_size: 8 fg_fraction: 0.5", transform="crop_size: 6", phase=TRAIN,
           **options):
    layer = caffe_pb2.LayerParameter()
    text.parse(params(folder, param, transform), layer)
    worker, p = Worker(phase, **options), layer.window_data_param
    return BatchMaker(WindowRecords(p, layer.transform_param, worker), worker, p.batch_size)


def warped(picture, box, size=6):
    x1, y1, x2, y2 = box
    patch = cv2.resize(PICTURES[picture][y1 : y2 + 1, x1 : x2 + 1], (size, size))
    return patch.transpose(2, 0, 1).astype(np.float32)


def candidates(label, size=6):
    boxes = [FOREGROUND[label]] if label else BACKGROUND
    return [warped(*entry, size) for entry in boxes]


def only(folder, box, param="", transform="crop_size: 8", pad=0, mode="warp", **options):
    """One batch of one window."""
    (folder / "windows.txt").write_text(
        f"# 0\nsecond.png\n3 20 30\n1\n5 1 {' '.join(map(str, box))}\n")
    return source(folder, f'batch_size: 1 fg_fraction: 1 context_pad: {pad} crop_mode: "{mode}" '
                  + param, transform, **options).next().data[0]


def test_windows_are_cut_out_and_warped(folder):
    built = build(line(folder))
    layer, bottom, top = built
    assert [blob.shape for blob in top] == [(8, 3, 6, 6), (8,)]
    seen = set()
    for _ in range(20):
        layer.forward(bottom, top)
        labels = top[1].data.astype(int)
        assert not labels[:4].any(), "the background comes first"
        assert set(labels[4:]) <= {1, 2}
        for data, label in zip(top[0].data, labels, strict=True):
            match = [np.array_equal(data, other) for other in candidates(label)]
            assert sum(match) == 1
            seen.add((label, match.index(True)))
    assert seen == {(0, 0), (0, 1), (1, 0), (2, 0)}
    layer.close()


def test_the_foreground_part_is_rounded_down(folder):
    labels = source(folder, "batch_size: 7 fg_fraction: 0.4").next().labels
    assert np.count_nonzero(labels) == 2 and not labels[:5].any()
    assert not source(folder, "batch_size: 3").next().labels.any()
    assert source(folder, "batch_size: 2 fg_fraction: 1").next().labels.all()


def test_thresholds(folder):
    file = read_window_file(str(folder / "windows.txt"), 0.45, 0.1)
    assert file.foreground.label.tolist() == [1, 2, 3]
    assert file.background.line.tolist() == [16], "below the threshold, not at it"
    assert file.background.label.tolist() == [0]
    assert file.foreground.box[2].tolist() == [5, 5, 9, 9]
    assert file.foreground.line.tolist() == [7, 8, 9]
    assert [picture.path for picture in file.pictures] == ["first picture.png", "second.png"]


def test_all_windows_come_equally_often(folder):
    it = source(folder, "batch_size: 500 fg_fraction: 0.5", seed=3)
    labels = np.concatenate([it.next().labels for _ in range(2)])
    ones = np.count_nonzero(labels == 1)
    assert 250 - 48 < ones < 250 + 48  # three standard deviations of 500 fair draws are 33.5


def test_mirror(folder):
    it = source(folder, "batch_size: 200 fg_fraction: 1", "crop_size: 6 mirror: true", seed=3)
    batch = it.next()
    flipped = []
    for data, label in zip(batch.data, batch.labels, strict=True):
        plain = candidates(int(label))[0]
        flipped.append(np.array_equal(data, plain[:, :, ::-1]))
        assert flipped[-1] or np.array_equal(data, plain)
    assert 70 < sum(flipped) < 130
    labels = batch.labels[np.array(flipped)]
    assert 0.2 < np.mean(labels == 1) < 0.8, "which window and whether mirrored are two draws"


def test_context_is_added_around_a_window(folder):
    # box of 8 x 8 at (10, 6) to (17, 13), crop 8 with 2 of context: grown by 8/4, 16 x 16 around
    # (14, 10): x from 6 to 22 and y from 2 to 18, 17 pixels each
    expected = cv2.resize(PICTURES[1][2:19, 6:23], (8, 8)).transpose(2, 0, 1)
    np.testing.assert_array_equal(only(folder, (10, 6, 17, 13), pad=2), expected)


def test_context_outside_of_the_picture_stays_empty(folder):
    # box (0, 0) to (7, 7): around (4, 4), -4 to 12, of which 13 of 17 pixels lie inside: they are
    # warped to round(13 * 8/17) = 6, after round(4 * 8/17) = 2 empty ones
    data = only(folder, (0, 0, 7, 7), pad=2, transform="crop_size: 8 mean_value: 50")
    assert not data[:, :2].any() and not data[:, :, :2].any()
    expected = cv2.resize(PICTURES[1][:13, :13], (6, 6)).transpose(2, 0, 1) - np.float32(50)
    np.testing.assert_array_equal(data[:, 2:, 2:], expected)
    assert region((0, 0, 7, 7), HEIGHT, WIDTH, 8, 2, False, flip=True) == (
        (0, 0, 12, 12), (6, 6), (2, 0)), "mirrored, the empty columns are on the right"


def test_square_widens_the_shorter_side(folder):
    # box of 4 x 10 at (13, 5) to (16, 14) becomes 10 x 10 around (15, 10): 10 to 20, 5 to 15
    expected = cv2.resize(PICTURES[1][5:16, 10:21], (8, 8)).transpose(2, 0, 1)
    np.testing.assert_array_equal(only(folder, (13, 5, 16, 14), mode="square"), expected)
    # and a flat one becomes higher: 10 x 4 at (10, 8) to (19, 11), 10 to 20 and 5 to 15
    np.testing.assert_array_equal(only(folder, (10, 8, 19, 11), mode="square"), expected)


@pytest.mark.parametrize("seed", range(30))
def test_any_window_fits_the_crop(seed):
    rng = np.random.default_rng(seed)
    for _ in range(50):
        height, width = rng.integers(5, 60, 2).tolist()
        x1, x2 = sorted(rng.integers(0, width, 2).tolist())
        y1, y2 = sorted(rng.integers(0, height, 2).tolist())
        crop = int(rng.integers(3, 40))
        pad = int(rng.integers(0, (crop - 1) // 2 + 1))
        (left, top, right, bottom), (h, w), (above, before) = region(
            (x1, y1, x2, y2), height, width, crop, pad, bool(rng.integers(2)),
            bool(rng.integers(2)))
        assert 0 <= left <= right < width and 0 <= top <= bottom < height
        assert above >= 0 and before >= 0 and above + h <= crop and before + w <= crop
        assert left <= x1 and right >= x2 and top <= y1 and bottom >= y2


@pytest.mark.parametrize("x, rounded", [(0.5, 1), (1.5, 2), (2.5, 3), (-0.5, -1), (-2.5, -3),
                                        (2.4, 2), (-2.4, -2), (0, 0)])
def test_round_half_away(x, rounded):
    assert round_half_away(x) == rounded


@pytest.mark.parametrize("param, transform, factor", [
    ("scale: 0.5", "crop_size: 8", 0.5),
    ("", "crop_size: 8 scale: 0.5", 0.5),
    ("scale: 0.5", "crop_size: 8 scale: 0.5", 0.25),
])
def test_scale_of_either_message(folder, param, transform, factor):
    plain = only(folder, (1, 1, 9, 9), transform="crop_size: 8 mean_value: 9")
    scaled = only(folder, (1, 1, 9, 9), param, transform + " mean_value: 9")
    np.testing.assert_array_equal(scaled, plain * np.float32(factor))


def test_the_scale_of_an_old_net_is_not_lost(folder):
    old = f"""layers {{ name: "data" type: WINDOW_DATA top: "data" top: "label"
        window_data_param {{ source: "{folder}/windows.txt" root_folder: "{folder}/"
        bg_threshold: 0.4 batch_size: 2 fg_fraction: 1 crop_size: 6 scale: 0.5 }} }}"""
    (folder / "old.prototxt").write_text(old)
    net = Net(folder / "old.prototxt", TEST)
    net.forward()
    data, label = (net.blobs[name].data for name in ("data", "label"))
    np.testing.assert_array_equal(data[0], candidates(int(label[0]))[0] / 2)
    net.close()


def test_mean_values_and_mean_file(folder):
    plain = only(folder, (1, 1, 9, 9))
    got = only(folder, (1, 1, 9, 9),
               transform="crop_size: 8 mean_value: 1 mean_value: 2 mean_value: 3")
    np.testing.assert_array_equal(got, plain - np.float32([1, 2, 3])[:, None, None])
    mean = RNG.random((3, 11, 11)).astype(np.float32)
    blob = caffe_pb2.BlobProto(channels=3, height=11, width=11, num=1, data=mean.ravel())
    (folder / "mean").write_bytes(blob.SerializeToString())
    transform = f'crop_size: 8 mean_file: "{folder}/mean"'
    got = only(folder, (1, 1, 9, 9), transform=transform)
    np.testing.assert_allclose(got, plain - mean[:, 1:9, 1:9], rtol=1e-6)
    # with context, the mean is read where the window lies
    plain = only(folder, (0, 0, 7, 7), pad=2)
    got = only(folder, (0, 0, 7, 7), pad=2, transform=transform)
    np.testing.assert_allclose(got[:, 2:, 2:], plain[:, 2:, 2:] - mean[:, 3:9, 3:9], rtol=1e-6)
    assert not got[:, :2].any()


def test_gray_pictures(folder):
    (folder / "windows.txt").write_text("# 0\nsecond.png\n1 20 30\n1\n5 1 0 0 29 19\n")
    data = source(folder, "batch_size: 1 fg_fraction: 1").next().data
    gray = cv2.imread(str(folder / "second.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(data[0, 0], cv2.resize(gray, (6, 6)))


def test_cached_pictures_are_read_once(folder):
    it = source(folder, "batch_size: 50 fg_fraction: 0.5 cache_images: true")
    other = source(folder, "batch_size: 50 fg_fraction: 0.5")
    np.testing.assert_array_equal(it.next().data, other.next().data)
    for name in ("first picture.png", "second.png"):
        (folder / name).unlink()
    it.next()
    with pytest.raises(NotFound, match="there is no such picture"):
        other.next()
    it.close()


def test_a_resumed_layer_goes_on_where_it_was(folder):
    text_ = line(folder, transform="crop_size: 6 mirror: true")
    whole, resumed = build(text_), build(text_)
    batches = []
    for _ in range(5):
        whole[0].forward(*whole[1:])
        batches.append([blob.data.copy() for blob in whole[2]])
    assert whole[0].position == 40
    assert not np.array_equal(batches[3][0], batches[4][0])
    resumed[0].position = 32
    resumed[0].forward(*resumed[1:])
    for blob, expected in zip(resumed[2], batches[4], strict=True):
        np.testing.assert_array_equal(blob.data, expected)
    whole[0].close(), resumed[0].close()


def test_ranks_draw_differently_in_train_alone(folder):
    first, second = (source(folder, rank=rank, size=2, seed=1) for rank in (0, 1))
    assert not np.array_equal(first.next().data, second.next().data)
    assert first.position == 16
    first, second = (source(folder, rank=rank, size=2, seed=1, phase=TEST) for rank in (0, 1))
    np.testing.assert_array_equal(first.next().data, second.next().data)


def test_recycled_arrays_are_emptied(folder):
    it = source(folder, 'batch_size: 8 fg_fraction: 0.5 context_pad: 2')
    expected = [it.next().data.copy() for _ in range(2)]
    it.seek(0)
    batch = it.next()
    batch.data[...] = 7
    it.recycle(batch)
    again = it.next()
    assert again is batch
    np.testing.assert_array_equal(again.data, expected[1])


@pytest.mark.parametrize("old, new, number, message", [
    ("# 0", "0 0", 1, "a picture must begin here"),
    ("# 1", "# 1 2", 11, "a picture must begin here"),
    ("\n4\n", "\n5\n", 11, "has 5 windows, and this is none"),
    ("\n4\n", "\n3\n", 10, "a picture must begin here"),
    ("\n4\n", "\nfour\n", 6, "sizes are not right"),
    ("3 20 30\n", "3 20 30 1 1\n", 14, "sizes are not right"),
    ("3 20 30\n", "4 20 30\n", 15, "1 or 3 channels.*found 4 x 20 x 30"),
    ("3 20 30\n", "3 20 0\n", 15, "and a size"),
    ("2 0.5 0 0 29 19", "2 0.5 0 0 29", 8, "this is none"),
    ("2 0.5 0 0 29 19", "2 0.5 0 0 29 x", 8, "a window is six numbers"),
    ("2 0.5 0 0 29 19", "2 0.5 0 0 29 19.5", 8, "whole numbers"),
    ("2 0.5 0 0 29 19", "2.5 0.5 0 0 29 19", 8, "whole numbers"),
    ("2 0.5 0 0 29 19", "2 0.5 9 0 8 19", 8, "second corner"),
    ("2 0.5 0 0 29 19", "2 0.5 0 9 29 8", 8, "second corner"),
    ("4 4 11 15", "30 4 31 15", 16, "outside its picture of 20 x 30"),
    ("4 4 11 15", "4 20 11 25", 16, "outside its picture"),
    ("4 4 11 15", "-9 4 -1 15", 16, "outside its picture"),
    ("2 0.5", "0 0.5", 8, "must have a class of 1 or more"),
    ("7 0.05 4 4 11 15\n", "", 16, "ends after 0 of 1 windows|this is none"),
    ("3 20 30\n1\n7 0.05 4 4 11 15\n", "3 20\n", 14, "ends within a picture"),
])
def test_a_broken_file_is_named_with_its_line(tmp_path, old, new, number, message):
    assert FILE.count(old) >= 1
    path = tmp_path / "windows.txt"
    path.write_text(FILE.replace(old, new, 1).rstrip("\n"))
    with pytest.raises(DataError) as caught:
        read_window_file(str(path), 0.5, 0.5)
    assert caught.match(message)
    if new:
        assert caught.value.where == f"{path}:{number}"


def test_a_window_beside_a_picture_that_is_smaller_than_said(folder):
    cv2.imwrite(str(folder / "second.png"), PICTURES[1][:4, :4])
    for mode in ("warp", "square"):
        with pytest.raises(ShapeError, match=r"windows.txt:5: the window lies outside.*4 x 4"):
            only(folder, (10, 10, 15, 15), mode=mode)


def test_a_window_over_the_edge_is_cut_off(folder):
    expected = cv2.resize(PICTURES[1][:6, 25:], (8, 8)).transpose(2, 0, 1)
    np.testing.assert_array_equal(only(folder, (25, -3, 34, 5)), expected)


def test_a_picture_that_cannot_be_read_is_named_with_the_windows_line(folder):
    (folder / "second.png").write_text("no picture")
    with pytest.raises(DataError, match=r"windows.txt:5, .*second.png: not a picture"):
        only(folder, (1, 1, 2, 2))


def test_pictures_that_are_not_there_are_explained(folder):
    for name in ("first picture", "second"):
        (folder / f"{name}.png").rename(folder / f"{name}.jpg")
    with pytest.raises(NotFound, match=r"windows.txt:\d+, .*png: .* and none "
                                       r"of the 2 pictures of the list \(root_folder '.*/'\)"):
        source(folder).next()
    (folder / "windows.txt").write_text(FILE.replace("second.png", "'second.jpg'").replace(
        "first picture.png", "'second.jpg'"))
    with pytest.raises(NotFound, match="second.jpg is there: write it without quotes"):
        source(folder).next()


@pytest.mark.parametrize("param, transform, message", [
    ("", "crop_size: 6", "batch_size of 1 or more"),
    ("batch_size: 4", "", "needs transform_param { crop_size"),
    ('batch_size: 4 crop_mode: "squere"', "crop_size: 6", "unknown crop_mode.*allowed: warp, sq"),
    ("batch_size: 4 context_pad: 3", "crop_size: 6", "leaves nothing of the window"),
    ("batch_size: 4 fg_fraction: 1.5", "crop_size: 6", "fg_fraction is a part"),
    ("batch_size: 4 fg_threshold: 0.95", "crop_size: 6", "no foreground window.*found 1 wanted"),
    ("batch_size: 4 bg_threshold: 0", "crop_size: 6", "no background window"),
    ("batch_size: 4", 'crop_size: 6 mean_value: 1 mean_file: "x"', "exclude each other"),
    ("batch_size: 4", "crop_size: 6 mean_value: 1 mean_value: 2", "once for each channel"),
])
def test_settings_that_cannot_be(folder, param, transform, message):
    with pytest.raises(CaffeError, match=r"layer 'layer' \(WindowData\).*" + message):
        build(line(folder, param, transform))


def test_no_file_no_source(folder):
    (folder / "windows.txt").unlink()
    with pytest.raises(NotFound, match=r"windows.txt: there is no such window file"):
        source(folder)
    with pytest.raises(ConfigError, match="needs a source"):
        build('type: "WindowData" window_data_param { batch_size: 1 }')
    (folder / "windows.txt").write_text("\n")
    with pytest.raises(DataError, match="the window file is empty"):
        source(folder)


def test_pictures_of_different_channels(folder):
    (folder / "windows.txt").write_text(FILE.replace("3 20 30", "1 20 30"))
    with pytest.raises(ShapeError, match="found 1 of second.png; allowed: 3"):
        source(folder)


def test_what_was_read_is_logged(folder, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    source(folder)
    assert "Number of images: 2, of foreground windows: 2, of background windows: 2" in [
        record.getMessage() for record in caplog.records]
