import cv2
import numpy as np
import pytest
from paired import check_resumed, check_threads, forward, source, stand_ins
from support import build

from caffepy.core import upgrade
from caffepy.data.clips import Clips
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text, wire
from caffepy.proto.caffe_pb2 import TEST

COUNT = 11  # frames of each video
SIZE = (6, 5)
FOLDERS = "use_image: true"


@pytest.fixture
def videos(tmp_path):
    """Three folders of frames as C3D has them; JPEG, which blurs: frames as OpenCV reads them."""
    rng = np.random.default_rng(1701)
    videos = []
    for v in range(3):
        folder = tmp_path / f"v{v}"
        folder.mkdir()
        frames = []
        for i in range(1, COUNT + 1):
            path = str(folder / f"{i:06d}.jpg")
            cv2.imwrite(path, rng.integers(0, 256, (*SIZE, 3), np.uint8))
            frames.append(cv2.imread(path))
        videos.append(np.stack(frames).transpose(3, 0, 1, 2))  # C x L x H x W
    (tmp_path / "list.txt").write_text("".join(f"v{v} {v + 1} {v + 5}\n" for v in range(3)))
    return videos


@pytest.fixture
def film(tmp_path):
    """A video file of 14 frames of 64 x 48, frame i about 15 i bright, and its list."""
    writer = cv2.VideoWriter(
        str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for i in range(14):
        writer.write(np.full((48, 64, 3), 15 * i, np.uint8))
    writer.release()
    (tmp_path / "list.txt").write_text("film.avi 3 7\n")


def line(folder, param, transform="", tops='top: "data" top: "label"', message="video_data_param"):
    return (f'type: "VideoData" {tops} {message} {{ source: "{folder}/list.txt" '
            f'root_folder: "{folder}/" {param} }} transform_param {{ {transform} }}')


def maker(folder, param, transform="", classes=0, **options):
    return source(lambda p, rule, worker: Clips(p, rule, worker, classes), "VideoDataParameter",
                  folder, param, transform, **options)


def brightness(clip):
    """Which frames of the film these are."""
    return np.rint(clip[0].mean(axis=(1, 2)) / 15).astype(int).tolist()


def test_frames_of_a_clip_are_changed_alike(tmp_path):
    """Of a clip whose frames are one picture; the draws are the record's."""
    frame = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)
    (tmp_path / "v0").mkdir()
    for i in range(1, COUNT + 1):
        cv2.imwrite(str(tmp_path / f"v0/{i:06d}.jpg"), frame)
    (tmp_path / "list.txt").write_text("v0 1 3\n")
    built = build(line(tmp_path, f"{FOLDERS} batch_size: 8 new_length: 4",
                       "affine_param { max_rotate_angle: 40 } padding: 1 crop_size: 5 "
                       "gauss_noise_param { max_std: 9 } cutout_param { size: 2 }"), phase="TRAIN")
    data, _ = forward(built)
    assert data.shape == (8, 3, 4, 5, 5)
    assert (data == data[:, :, :1]).all()
    assert len({clip.tobytes() for clip in data}) == 8


def test_clips_of_folders(tmp_path, videos):
    built = build(line(tmp_path, f"{FOLDERS} batch_size: 2 new_length: 4",
                       "mean_value: 1 mean_value: 2 mean_value: 3 scale: 0.5"))
    assert [blob.shape for blob in built[2]] == [(2, 3, 4, *SIZE), (2,)]
    mean = np.array([1, 2, 3])[:, None, None, None]
    for batch in ((0, 1), (2, 0)):
        data, label = forward(built)
        for got, v in zip(data, batch, strict=True):
            np.testing.assert_allclose(got, (videos[v][:, v : v + 4] - mean) * 0.5)
        np.testing.assert_array_equal(label, np.add(batch, 5))
    built[0].close()
    built = build(line(tmp_path, f"{FOLDERS} batch_size: 1 new_length: 4", tops='top: "data"'))
    np.testing.assert_array_equal(forward(built)[0][0], videos[0][:, :4])
    built[0].close()


def test_every_so_many_frames(tmp_path, videos):
    it = maker(tmp_path, f"{FOLDERS} new_length: 3 sampling_rate: 4", "mean_value: 9")
    np.testing.assert_array_equal(it.next().data[0] + 9, videos[0][:, :9:4])


def test_gray_and_resized(tmp_path, videos):
    it = maker(tmp_path, f"{FOLDERS} new_length: 2 is_color: false new_height: 9 new_width: 4")
    data = it.next().data
    assert data.shape == (1, 1, 2, 9, 4)
    gray = cv2.imread(str(tmp_path / "v0" / "000002.jpg"), 0)
    np.testing.assert_array_equal(data[0, 0, 1], cv2.resize(gray, (4, 9)))


def test_one_crop_and_one_mirror_for_all_frames(tmp_path, videos):
    mean = np.random.default_rng(3).random((1, 3, 4, *SIZE), np.float32)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), mean)
    it = maker(tmp_path, f"{FOLDERS} new_length: 4",
               f'crop_size: 4 mirror: true mean_file: "{tmp_path}/mean.binaryproto"', seed=2)
    clip = videos[0][:, :4] - mean[0]
    seen = set()
    for turn in range(40):
        it.seek(3 * turn)
        data = it.next().data[0]
        found = [(top, left, flip) for flip in (False, True) for top in range(3)
                 for left in range(2) if np.allclose(
                     data[..., ::-1] if flip else data,
                     clip[..., top : top + 4, left : left + 4], atol=1e-4)]
        assert len(found) == 1
        seen |= set(found)
    assert len(seen) == 12
    middle = maker(tmp_path, f"{FOLDERS} new_length: 4", "crop_size: 4", phase=TEST).next()
    np.testing.assert_array_equal(middle.data[0], videos[0][:, :4, 1:5, 0:4])


def test_the_mean_of_one_frame(tmp_path, videos):
    mean = np.random.default_rng(3).random((1, 3, 1, *SIZE), np.float32)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), mean)
    it = maker(tmp_path, f"{FOLDERS} new_length: 4", f'mean_file: "{tmp_path}/mean.binaryproto"')
    np.testing.assert_allclose(it.next().data[0], videos[0][:, :4] - mean[0], rtol=1e-5)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), np.zeros((1, 3, 3, *SIZE), np.float32))
    with pytest.raises(DataError, match=r"must hold one clip .found 1 x 3 x 3 x 6 x 5; allowed: "
                                        r"1 x 3 x 4 .or 1. x height x width"):
        maker(tmp_path, f"{FOLDERS} new_length: 4", f'mean_file: "{tmp_path}/mean.binaryproto"')
    with pytest.raises(NotFound, match="there is no such mean_file"):
        maker(tmp_path, f"{FOLDERS} new_length: 4", f'mean_file: "{tmp_path}/x.binaryproto"')
    with pytest.raises(ConfigError, match="mean_file and mean_value exclude each other"):
        maker(tmp_path, "new_length: 4", 'mean_file: "mean.binaryproto" mean_value: 3')


def test_clips_that_begin_anywhere(tmp_path, videos):
    (tmp_path / "list.txt").write_text(f"v0 {COUNT} 5\n")
    param = f"{FOLDERS} use_temporal_jitter: true new_length: 4 sampling_rate: 2"
    it = maker(tmp_path, param, seed=1)
    seen = set()
    for _ in range(40):
        data = it.next().data[0]
        (start,) = [i for i in range(4) if np.array_equal(data, videos[0][:, i : i + 8 : 2])]
        seen.add(start)
    assert seen == set(range(4))
    with pytest.raises(NotFound, match="v0/000000.jpg"):  # the original's: from 0 in TEST
        maker(tmp_path, param, phase=TEST)
    (tmp_path / "list.txt").write_text("v0 7 5\n")
    with pytest.raises(DataError, match="list.txt:1: the video has too few frames for a clip "
                                        ".found 7; allowed: 8 or more"):
        maker(tmp_path, param)


def test_a_rate_for_each_clip(tmp_path, videos):
    it = maker(tmp_path, f"{FOLDERS} new_length: 4 use_sampling_rate_jitter: true "
                         "max_sampling_rate: 3", seed=1)
    seen = set()
    for turn in range(30):
        it.seek(3 * turn)
        data = it.next().data[0]
        seen |= {rate for rate in (1, 2, 3)
                 if np.array_equal(data, videos[0][:, : 4 * rate : rate])}
    assert seen == {1, 2, 3}


def test_folders_of_video_caffe(tmp_path, videos):
    for path in (tmp_path / "v0").iterdir():
        path.rename(path.with_name(path.name.lstrip("0")))
    it = maker(tmp_path, "new_length: 4")
    np.testing.assert_array_equal(it.next().data[0], videos[0][:, :4])


def test_several_labels(tmp_path, videos):
    (tmp_path / "list.txt").write_text("v0 1 1,4\nv1 1 0\n")
    built = build(line(tmp_path, f"{FOLDERS} batch_size: 2 new_length: 2 use_multiple_label: true "
                                 "num_of_labels: 5"))
    np.testing.assert_array_equal(forward(built)[1], [[0, 1, 0, 0, 1], [1, 0, 0, 0, 0]])
    built[0].close()
    with pytest.raises(DataError, match="list.txt:1: a label is none of the classes .found 1,4; "
                                        "allowed: 0 to 3"):
        maker(tmp_path, f"{FOLDERS} new_length: 2", classes=4)


def test_video_files(tmp_path, film):
    it = maker(tmp_path, "new_length: 4 sampling_rate: 2", "crop_size: 20")
    batch = it.next()
    assert batch.data.shape == (1, 3, 4, 20, 20) and batch.labels == [7]
    assert brightness(batch.data[0]) == [3, 5, 7, 9]
    it = maker(tmp_path, "new_length: 2 is_color: false new_height: 8 new_width: 8")
    assert it.next().data.shape == (1, 1, 2, 8, 8)


def test_video_files_begun_anywhere(tmp_path, film):
    (tmp_path / "list.txt").write_text("film.avi 7\n")
    it = maker(tmp_path, "new_length: 4 sampling_rate: 3 use_temporal_jitter: true", seed=2)
    starts = set()
    for _ in range(15):
        first, *others = brightness(it.next().data[0])
        assert others == [first + 3, first + 6, first + 9]
        starts.add(first)
    assert starts == {0, 1, 2}


@pytest.mark.parametrize("param", ["", "use_sampling_rate_jitter: true max_sampling_rate: 2"])
def test_resumed(tmp_path, videos, param):
    words = f"{FOLDERS} batch_size: 2 shuffle: true rand_skip: 3 new_length: 4 {param}"
    check_resumed(lambda: build(line(tmp_path, words, "crop_size: 4 mirror: true")))


def test_threads(tmp_path, videos):
    check_threads(lambda threads: maker(
        tmp_path, f"{FOLDERS} batch_size: 4 shuffle: true new_length: 3 "
        "use_sampling_rate_jitter: true max_sampling_rate: 2", "crop_size: 4 mirror: true",
        threads=threads, seed=3))


def test_frames_that_cannot_be_read(tmp_path, videos):
    (tmp_path / "v1" / "000003.jpg").write_bytes(b"no picture")
    (tmp_path / "v2" / "000004.jpg").unlink()
    it = maker(tmp_path, f"{FOLDERS} new_length: 3")
    it.next()
    with pytest.raises(DataError, match="list.txt:2, .*v1/000003.jpg: not a picture"):
        it.next()
    it.seek(2)
    with pytest.raises(NotFound, match="list.txt:3, .*v2/000004.jpg: there is no such"):
        it.next()
    cv2.imwrite(str(tmp_path / "v2" / "000004.jpg"), np.zeros((3, 4, 3), np.uint8))
    it.seek(2)
    with pytest.raises(ShapeError, match="list.txt:3: .*one size .found 3 x 4 and 6 x 5"):
        it.next()


def test_video_files_that_cannot_be_read(tmp_path, film):
    for row, said in [("film.avi 11 0", "no clip can begin with this frame .found 11; allowed: 0 "
                                        "to 10"),
                      ("film.avi -1 0", "no clip can begin with this frame .found -1")]:
        (tmp_path / "list.txt").write_text(row)
        with pytest.raises(DataError, match=said):
            maker(tmp_path, "new_length: 4")
    (tmp_path / "list.txt").write_text("none.avi 0 0\n")
    with pytest.raises(NotFound, match="list.txt:1, .*none.avi: there is no such video"):
        maker(tmp_path, "new_length: 4")
    (tmp_path / "list.txt").write_text("film.avi 0 0\n")
    with pytest.raises(DataError, match="too few frames for a clip .found 14; allowed: 15"):
        maker(tmp_path, "new_length: 15")
    (tmp_path / "film.avi").write_bytes(b"no film")
    with pytest.raises(DataError, match="film.avi: not a video that can be decoded"):
        maker(tmp_path, "new_length: 4")


@pytest.mark.parametrize("param, said", [
    ("", "clips need a length"),
    ("new_length: 4 new_width: 3", "must be given both"),
    ("new_length: 4 sampling_rate: 0", "sampling_rate must be 1 or more"),
])
def test_settings_that_cannot_be(tmp_path, videos, param, said):
    with pytest.raises(ConfigError, match=said):
        build(line(tmp_path, f"batch_size: 1 {FOLDERS} {param}"))
    with pytest.raises(ConfigError, match="video_data_param needs a source"):
        build('type: "VideoData" top: "data" video_data_param { batch_size: 1 new_length: 4 }')


def test_the_words_of_c3d_1_0(tmp_path, videos):
    """They are in image_data_param, which V1's nets had the transformation in, too."""
    param = caffe_pb2.NetParameter()
    text.parse(f'layers {{ name: "data" type: VIDEO_DATA top: "data" top: "label" '
               f'image_data_param {{ source: "{tmp_path}/list.txt" root_folder: "{tmp_path}/" '
               f"{FOLDERS} batch_size: 2 new_length: 4 crop_size: 4 mean_value: 8 }} }}", param)
    upgrade.upgrade_net(param)
    assert param.layer[0].type == "VideoData" and param.layer[0].transform_param.crop_size == 4
    words = str(param.layer[0]).replace("\n", " ")
    built = build(words, phase="TEST")
    data, label = forward(built)
    np.testing.assert_array_equal(data[0] + 8, videos[0][:, :4, 1:5, 0:4])
    assert data.shape == (2, 3, 4, 4, 4) and label.tolist() == [5, 6]
    assert type(built[0]).item_shape(built[0].spec) == (3, 4, 4, 4)
    built[0].close()


def test_what_stands_in_where_the_list_is_not_there(tmp_path):
    assert stand_ins(line(tmp_path, "batch_size: 2 new_length: 16", "crop_size: 7")) == [
        [2, 3, 16, 7, 7], [2]]
    several = "batch_size: 2 new_length: 8 use_multiple_label: true num_of_labels: 4"
    assert stand_ins(line(tmp_path, f"{several} is_color: false new_height: 4 new_width: 6")) == [
        [2, 1, 8, 4, 6], [2, 4]]
