import cv2
import numpy as np
import pytest
from paired import check_resumed, check_threads, forward, places, source, stand_ins
from support import build, parse

from caffepy.core import registry
from caffepy.data.segments import Segments
from caffepy.data.tsn_crop import TsnCrop, Window
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text, wire
from caffepy.proto.caffe_pb2 import TEST, TRAIN

LENGTHS = (12, 9, 7)
SIZE = (9, 8)
RGB = "modality: RGB"


@pytest.fixture
def videos(tmp_path):
    """Three folders of frames, colors and flow; frame i of video v is about 60 v + 4 i bright."""
    rng = np.random.default_rng(1701)
    colors, flows = [], []
    for v, length in enumerate(LENGTHS):
        folder = tmp_path / f"v{v}"
        folder.mkdir()
        colors.append(rng.integers(60 * v, 60 * v + 60, (length, *SIZE, 3), np.uint8))
        flows.append(rng.integers(0, 256, (length, 2, *SIZE), np.uint8))
        for i in range(length):
            cv2.imwrite(str(folder / f"image_{i + 1:04d}.png"), colors[v][i])
            for axis, name in enumerate("xy"):
                cv2.imwrite(str(folder / f"flow_{name}_{i + 1:04d}.png"), flows[v][i, axis])
    (tmp_path / "list.txt").write_text("".join(
        f"{tmp_path}/v{v} {length} {v + 5}\n" for v, length in enumerate(LENGTHS)))
    return [np.transpose(video, (0, 3, 1, 2)) for video in colors], flows


def names(param):
    return param + (' name_pattern: "image_%04d.png"' if RGB in param
                    else ' name_pattern: "flow_%c_%04d.png"')


def line(folder, param, transform="", tops='top: "data" top: "label"'):
    return (f'type: "VideoData" {tops} video_data_param {{ source: "{folder}/list.txt" '
            f"{names(param)} }} transform_param {{ {transform} }}")


def maker(folder, param, transform="", **options):
    def records(p, rule, worker):
        p.ClearField("root_folder")
        return Segments(p, rule, worker)

    return source(records, "VideoDataParameter", folder, names(param), transform, **options)


def first_video(it, times):
    """Clips of it, drawn anew each time."""
    for turn in range(times):
        it.seek(len(LENGTHS) * turn)
        yield it.next().data[0]


def test_frames_of_each_segment_about_its_middle_in_test(tmp_path, videos):
    colors, _ = videos
    built = build(line(tmp_path, f"{RGB} batch_size: 2 num_segments: 3 new_length: 2",
                       "mean_value: 1 mean_value: 2 mean_value: 3 scale: 0.5"), phase="TEST")
    assert [blob.shape for blob in built[2]] == [(2, 18, *SIZE), (2, 1, 1, 1)]
    mean = np.tile([1, 2, 3], 6)[:, None, None]
    data, label = forward(built)
    # 4 frames each: 3 places, the one with one frame before it; 3 each: 2 places
    for got, video, frames in zip(data, colors, ([1, 2, 5, 6, 9, 10], [1, 2, 4, 5, 7, 8]),
                                  strict=False):
        np.testing.assert_allclose(got, (video[frames].reshape(18, *SIZE) - mean) * 0.5)
    np.testing.assert_array_equal(label.ravel(), [5, 6])
    built[0].close()


def test_frames_of_a_clip_are_changed_alike(tmp_path, videos):
    """Each frame is what the same changes make of it in a clip of one frame."""
    words = "lighting_param { std: 1 } affine_param { max_rotate_angle: 40 }"
    built = build(line(tmp_path, f"{RGB} batch_size: 1 num_segments: 3", words), phase="TRAIN")
    data, _ = forward(built)
    plain = build(line(tmp_path, f"{RGB} batch_size: 1 num_segments: 3"), phase="TRAIN")
    frames = forward(plain)[0].reshape(3, 3, *SIZE).astype(np.uint8)
    changes = built[0].source._source.augmentation
    expected = [changes(frame, 0, 0).picture for frame in frames]
    np.testing.assert_array_equal(data.reshape(3, 3, *SIZE), expected)
    assert not np.array_equal(data[0], frames.reshape(data[0].shape))
    built[0].close(), plain[0].close()


def test_flow_is_x_and_y_of_each_frame(tmp_path, videos):
    _, flows = videos
    batch = maker(tmp_path, "new_length: 3 batch_size: 1", "mean_value: 128", phase=TEST).next()
    np.testing.assert_array_equal(batch.data[0] + 128, flows[0][5:8].reshape(6, *SIZE))


def test_at_random_in_train(tmp_path, videos):
    colors, _ = videos
    it = maker(tmp_path, f"{RGB} batch_size: 3 num_segments: 2 new_length: 2", seed=3)
    seen = [set(), set()]
    for _ in range(40):
        batch = it.next()
        for got, video, length in zip(batch.data, colors, LENGTHS, strict=True):
            clip = got.reshape(4, 3, *SIZE)
            each = length // 2
            for part in range(2):
                (start,) = [i for i in range(each - 1) if np.array_equal(
                    clip[2 * part : 2 * part + 2], video[part * each + i : part * each + i + 2])]
                if length == 12:
                    seen[part].add(start)
    assert seen == [set(range(5))] * 2


def test_segments_that_are_too_short_have_the_first_frames(tmp_path, videos):
    colors, _ = videos
    for phase in (TRAIN, TEST):
        it = maker(tmp_path, f"{RGB} num_segments: 3 new_length: 5", phase=phase)
        np.testing.assert_array_equal(
            it.next().data[0], np.tile(colors[0][:5].reshape(15, *SIZE), (3, 1, 1)))


def test_gray_and_resized(tmp_path, videos):
    batch = maker(tmp_path, f"{RGB} grayscale: true new_height: 5 new_width: 6", phase=TEST).next()
    gray = cv2.imread(str(tmp_path / "v0" / "image_0007.png"), 0)
    np.testing.assert_array_equal(batch.data, cv2.resize(gray, (6, 5))[None, None])


@pytest.mark.parametrize("more, expected", [
    ("", {(0, 0), (0, 4), (4, 0), (4, 4), (2, 2)}),
    ("more_fix_crop: true", {(0, 0), (0, 4), (4, 0), (4, 4), (2, 2), (0, 2), (4, 2), (2, 0), (2, 4),
                             (1, 1), (1, 3), (3, 1), (3, 3)}),
])
def test_fixed_places(tmp_path, videos, more, expected):
    """The room is 5 x 4 pixels: a quarter of both, cut to whole numbers, is 1."""
    colors, _ = videos
    it = maker(tmp_path, f"{RGB} num_segments: 12", f"crop_size: 4 fix_crop: true {more}", seed=1)
    seen = set()
    for data in first_video(it, 200):
        for top, left, flip in places(data, colors[0].reshape(36, *SIZE)):
            assert not flip
            seen.add((top, left))
    assert seen == expected


def test_several_scales():
    rule = caffe_pb2.TransformationParameter()
    text.parse("crop_size: 224 multi_scale: true fix_crop: true max_distort: 1", rule)
    crop = TsnCrop(rule, True)
    sides = [256, 224, 192, 168]  # 0.66 of 256 is 168.96
    allowed = {(sides[i], sides[j]) for i in range(4) for j in range(4) if abs(i - j) <= 1}
    windows = [crop.window(256, 340, size << 22, place << 22, 0) for size in range(1024)
               for place in (0, 250, 500, 700, 1000)]
    assert {window[2:] for window in windows} == allowed
    assert {window[:2] for window in windows if window[2:] == (224, 192)} == {
        (0, 0), (0, 148), (32, 0), (32, 148), (16, 74)}
    rule.scale_ratios.extend([1, 0.869])  # 222, which is close to 224
    rule.max_distort = 0
    sizes = {TsnCrop(rule, True).window(256, 340, size << 30, 0, 0)[2:] for size in range(4)}
    assert sizes == {(256, 256), (224, 224)}
    assert TsnCrop(rule, False).window(256, 340, 9, 9, 9) == Window(16, 58, 224, 224)
    rule.ClearField("crop_size")
    assert TsnCrop(rule, True).window(256, 340, 9, 9, 9) == Window(0, 0, 256, 340)


def test_scaled_windows_of_real_frames(tmp_path, videos):
    colors, _ = videos
    rule = "crop_size: 4 multi_scale: true scale_ratios: 1 scale_ratios: 0.9"
    it = maker(tmp_path, f"{RGB} num_segments: 12", rule, seed=4)
    planes = colors[0].reshape(36, *SIZE)
    windows = {}
    for high in (8, 7):
        for wide in (8, 7):
            for top in range(9 - high + 1):
                for left in range(8 - wide + 1):
                    part = planes[:, top : top + high, left : left + wide]
                    windows[np.stack([cv2.resize(plane, (4, 4)) for plane in part]).tobytes()] = (
                        high, wide, top, left)
    seen = set()
    for data in first_video(it, 80):
        seen.add(windows[data.astype(np.uint8).tobytes()])
    assert {window[:2] for window in seen} == {(8, 8), (8, 7), (7, 8), (7, 7)}
    assert {window[2:] for window in seen if window[:2] == (7, 7)} > {(0, 0), (2, 1)}


def test_mirrored_flow_goes_the_other_way(tmp_path, videos):
    _, flows = videos
    whole = flows[0].reshape(24, *SIZE).astype(float)
    turned = whole[:, :, ::-1].copy()
    turned[::2] = 255 - turned[::2]
    it = maker(tmp_path, "num_segments: 12", "is_flow: true mirror: true mean_value: 128", seed=5)
    seen = set()
    for data in first_video(it, 12):
        data += 128
        seen.add(np.array_equal(data, turned))
        np.testing.assert_array_equal(data, turned if np.array_equal(data, turned) else whole)
    assert seen == {False, True}


@pytest.mark.parametrize("words, corner", [("", False), ("multi_scale: true scale_ratios: 0.5",
                                                         True)])
def test_a_mean_picture_goes_with_the_crop(tmp_path, videos, words, corner):
    """With multi_scale it is its corner, as in the original."""
    colors, _ = videos
    mean = np.random.default_rng(5).random((1, 36, *SIZE), np.float32)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), mean)
    planes = colors[0].reshape(36, *SIZE)
    rule = f'crop_size: 4 mirror: true fix_crop: true {words} mean_file: ' \
           f'"{tmp_path}/mean.binaryproto"'
    it = maker(tmp_path, f"{RGB} num_segments: 12", rule, seed=2)
    for data in first_video(it, 6):
        found = [flip for flip in (False, True) for top in range(6) for left in range(5)
                 if np.allclose(data[:, :, ::-1] if flip else data,
                                planes[:, top : top + 4, left : left + 4] - (
                     mean[0, :, :4, :4] if corner else
                     mean[0, :, top : top + 4, left : left + 4]), atol=1e-4)]
        assert len(found) == 1


@pytest.mark.parametrize("transform", [
    "", "crop_size: 4 mirror: true",
    "crop_size: 4 mirror: true is_flow: true multi_scale: true fix_crop: true"])
def test_resumed(tmp_path, videos, transform):
    words = "batch_size: 2 shuffle: true rand_skip: 2 num_segments: 2 new_length: 2"
    check_resumed(lambda: build(line(tmp_path, words, transform)))


def test_threads(tmp_path, videos):
    check_threads(lambda threads: maker(
        tmp_path, "batch_size: 4 shuffle: true num_segments: 2",
        "crop_size: 4 mirror: true is_flow: true multi_scale: true", threads=threads, seed=3))


def test_frames_that_cannot_be_read(tmp_path, videos):
    (tmp_path / "v1" / "image_0003.png").write_bytes(b"no picture")
    (tmp_path / "v2" / "image_0004.png").unlink()
    it = maker(tmp_path, f"{RGB} num_segments: 1 new_length: 7", phase=TEST)
    it.next()
    with pytest.raises(DataError, match=r"list.txt:2, .*v1/image_0003.png: not a picture"):
        it.next()
    it.seek(2)
    with pytest.raises(NotFound, match=r"list.txt:3, .*v2/image_0004.png: there is no such"):
        it.next()
    cv2.imwrite(str(tmp_path / "v2" / "image_0004.png"), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(ShapeError, match="list.txt:3: .*one size .found 4 x 5 and 9 x 8"):
        it.seek(2), it.next()


@pytest.mark.parametrize("row, said", [
    ("v0 12", r"list.txt:1: the line has too few words .*`folder length label`"),
    ("v0 12 x", "list.txt:1: the label must be a whole number"),
    ("v0 many 3", "list.txt:1: the number of frames must be a whole number"),
    ("v0 1 3", "list.txt:1: the video is shorter than a clip .found 1 frames; allowed: 2 or more"),
])
def test_lists_that_cannot_be(tmp_path, row, said):
    (tmp_path / "list.txt").write_text(row)
    with pytest.raises(DataError, match=said):
        maker(tmp_path, "new_length: 2")


@pytest.mark.parametrize("param, transform, kind, said", [
    ('modality: RGB name_pattern: "image"', "", ConfigError, "name_pattern does not fit"),
    ('name_pattern: "image_%04d.jpg"', "", ConfigError, "name_pattern does not fit"),
    ("new_height: 3 num_segments: 1", "", ConfigError, "must be given both"),
    ("num_segments: 1", "scale_ratios: 1.2", ConfigError, "shares of the shorter side"),
    ("num_segments: 1", "max_distort: -1", ConfigError, "max_distort .*found -1; allowed: 0 or"),
    ("num_segments: 1", "padding: 1", ConfigError, "changes of pictures are none of flow"),
    (RGB + ' name_pattern: "image_%04d.png"', "crop_size: 9 fix_crop: true", ShapeError,
     "the frames are smaller than crop_size .found 9 x 8"),
])
def test_settings_that_cannot_be(tmp_path, videos, param, transform, kind, said):
    with pytest.raises(kind, match=said):
        build(f'type: "VideoData" top: "data" video_data_param {{ source: "{tmp_path}/list.txt" '
              f"batch_size: 1 {param} }} transform_param {{ {transform} }}")
    with pytest.raises(ConfigError, match="video_data_param needs a source"):
        build('type: "VideoData" top: "data" video_data_param { batch_size: 1 modality: RGB }')


@pytest.mark.parametrize("words, dialect", [
    ('video_data_param { source: "a" num_segments: 3 }', "tsn"),
    ('video_data_param { source: "a" modality: RGB new_length: 5 }', "tsn"),
    ('video_data_param { source: "a" } transform_param { multi_scale: true }', "tsn"),
    ('video_data_param { source: "a" new_length: 16 }', "c3d"),
    ('image_data_param { source: "a" new_length: 16 }', "c3d"),
])
def test_whose_layer_it_is(words, dialect):
    assert registry.of(parse(f'type: "VideoData" {words}')).dialect == dialect


@pytest.mark.parametrize("param, channels", [
    ("num_segments: 3 new_length: 5", 30), ("num_segments: 3 modality: RGB", 9),
    ("modality: RGB grayscale: true new_length: 2", 2)])
def test_what_stands_in_where_the_list_is_not_there(tmp_path, param, channels):
    assert stand_ins(line(tmp_path, f"batch_size: 2 {param}", "crop_size: 7")) == [
        [2, channels, 7, 7], [2, 1, 1, 1]]
    sized = f"batch_size: 2 {param} new_height: 4 new_width: 6"
    assert stand_ins(line(tmp_path, sized))[0] == [2, channels, 4, 6]
