"""caffepy data show: a sheet for each type of data layer, with what the net gets."""

from pathlib import Path

import cv2
import h5py
import numpy as np
import paired
import pytest
from annotated import BOXES, database, record
from click.testing import CliRunner
from picture_files import save
from recorded_data import make_db

from caffepy.cli.main import main
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.datum import from_array
from caffepy.proto import caffe_pb2
from caffepy.services.data_sheet import drawing, reading
from caffepy.services.sheets import palette
from caffepy.services.sheets.page import GAP, fitted

RNG = np.random.default_rng(1701)
COUNT = 5
SIDE = drawing.SIDE
HIGH = 18  # pixels of a name
PICTURES = RNG.integers(0, 256, (COUNT, 12, 12, 3), np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Five pictures of 12 x 12 and a list of them, in the folder where everything runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLOG_logtostderr", "1")
    for i, picture in enumerate(PICTURES):
        save(tmp_path / f"{i}.png", picture)
    Path("list.txt").write_text("".join(f"{i}.png {i % 2}\n" for i in range(COUNT)))
    return tmp_path


def called(*words):
    return CliRunner().invoke(main, ["data", "show", *map(str, words)])


def shown(layers, *flags, name="net"):
    """The sheet of a net with these layers, and what was logged."""
    Path(f"{name}.prototxt").write_text(layers)
    done = called(f"{name}.prototxt", *flags)
    assert done.exit_code == 0, done.output
    return cv2.imread(f"{name}_data.png"), done.output


def layer(kind, body, tops='top: "data" top: "label"', name="data"):
    return f'layer {{ name: "{name}" type: "{kind}" {tops} {body} }}\n'


def places(sheet, picture):
    """Where a picture lies on a sheet: row and column of its corner."""
    found = cv2.matchTemplate(sheet, picture, cv2.TM_SQDIFF)
    _, _, best, _ = cv2.minMaxLoc(found)
    column, row = best
    part = sheet[row : row + picture.shape[0], column : column + picture.shape[1]]
    assert np.abs(part.astype(int) - picture).max() <= 1, "it is not there"
    return row, column


def check_row(sheet, pictures, step=SIDE + GAP):
    """The pictures lie side by side, in this order."""
    row, column = places(sheet, fitted(pictures[-1], SIDE))
    assert (column - GAP) % step == 0
    for i, picture in enumerate(pictures):
        part = sheet[row : row + SIDE, GAP + i * step :][:, :SIDE]
        np.testing.assert_allclose(part, fitted(picture, SIDE), atol=1)


IMAGES = 'image_data_param { source: "list.txt" batch_size: 2 }'
TAKEN = "transform_param { scale: 0.0625 mean_value: 104 mean_value: 117 mean_value: 123 }"


# -- pictures with a number ----------------------------------------------------------------

def test_image_data(folder):
    Path("labels.txt").write_text("cat\ndog\n")
    sheet, log = shown(layer("ImageData", f"{IMAGES} {TAKEN}"), "-phase=TEST")
    check_row(sheet, PICTURES)
    assert "ImageData 'data', TEST: 5 items" in log      # each record once
    assert "data, 3 x 12 x 12: scale and mean_value taken back" in log
    assert "label: a number" in log and "Wrote net_data.png" in log


def test_pictures_of_several_sizes(folder):
    save(folder / "1.png", PICTURES[1][:6])
    _, log = shown(layer("ImageData", 'image_data_param { source: "list.txt" batch_size: 1 }'))
    assert "data, 3 x 12 x 12 and others: as it is" in log


def test_training_goes_round(folder):
    sheet, log = shown(layer("ImageData", IMAGES), "-count=7")
    check_row(sheet, [*PICTURES, *PICTURES[:2]])  # the last one is there twice
    assert "TRAIN: 7 items" in log


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_data(folder, channels):
    pictures = PICTURES[..., :channels]
    make_db(folder / "db", [
        (b"%d" % i, from_array(picture.transpose(2, 0, 1), i).SerializeToString())
        for i, picture in enumerate(pictures)])
    sheet, log = shown(layer("Data", 'data_param { source: "db" batch_size: 5 backend: LMDB }'),
                       "-count=2")
    assert f"data, {channels} x 12 x 12: as it is" in log
    if channels != 2:
        check_row(sheet, [np.broadcast_to(picture, (12, 12, 3)).copy() for picture in pictures[:2]])
        return
    for i, picture in enumerate(pictures[:2]):  # channels side by side
        for channel in range(2):
            gray = np.repeat(picture[..., channel : channel + 1], 3, 2)
            _, column = places(sheet, fitted(gray, SIDE))
            assert column == GAP + i * (2 * SIDE + 2 + GAP) + channel * (SIDE + 2)


def test_hdf5_data(folder):
    values = PICTURES.transpose(0, 3, 1, 2) / 255 - 0.5
    with h5py.File("x.h5", "w") as file:
        file["data"], file["label"] = values.astype("f4"), np.arange(5, dtype="f4")
        file["row"], file["few"] = RNG.normal(size=(5, 20)), RNG.normal(size=(5, 3))
    Path("h5.txt").write_text("x.h5\n")
    sheet, log = shown(layer(
        "HDF5Data", 'hdf5_data_param { source: "h5.txt" batch_size: 2 }',
        'top: "data" top: "label" top: "row" top: "few"'), "-phase=TEST")
    low, high = values.min(), values.max()
    for picture in values:
        level = ((picture - low) * (255 / (high - low))).round().astype(np.uint8)
        places(sheet, fitted(np.ascontiguousarray(level.transpose(1, 2, 0)), SIDE))
    assert f"data, 3 x 12 x 12: stretched, black is {low:.4g} and white {high:.4g}" in log
    assert "row, 20: stretched, black is" in log and "few, 3: stretched" in log


def test_window_data(folder):
    Path("windows.txt").write_text("# 0\n0.png\n3\n12\n12\n1\n1 0.9 0 0 11 11\n"
                                   "# 1\n1.png\n3\n12\n12\n1\n0 0.1 0 0 11 11\n")
    sheet, log = shown(layer(
        "WindowData", 'window_data_param { source: "windows.txt" batch_size: 2 fg_fraction: 0.5 } '
        "transform_param { crop_size: 12 mean_value: 9 }"), "-count=2")
    check_row(sheet, [PICTURES[1], PICTURES[0]])
    assert "WindowData 'data', TRAIN: 2 items" in log


def test_dummy_data(folder):
    _, log = shown(layer(
        "DummyData", "dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } "
        'data_filler { type: "gaussian" } data_filler { type: "constant" value: 3 } }'))
    assert "data, 3 x 6 x 6: stretched, black is" in log and "label: a number" in log


def test_a_python_layer(folder, monkeypatch):
    """Whatever brings data is shown, as here numbers that are none, and labels of pixels."""
    monkeypatch.syspath_prepend(str(folder))
    Path("sheet_source.py").write_text("""
import caffe, numpy as np
class Source(caffe.Layer):
    def setup(self, bottom, top):
        pass
    def reshape(self, bottom, top):
        top[0].reshape(1, 3, 12, 12)
        top[1].reshape(1, 1, 12, 12)
    def forward(self, bottom, top):
        top[0].data[...] = 100
        top[0].data[0, :, 0, 0] = np.nan
        top[1].data[...] = 0
        top[1].data[0, 0, :6] = 255
    def backward(self, *rest):
        pass
""")
    sheet, log = shown(layer("Python", "python_param { module: 'sheet_source' layer: 'Source' }"),
                       "-count=2")
    assert "data, 3 x 12 x 12: as it is" in log
    assert "label, 1 x 12 x 12: labels of pixels, in colours" in log
    labels = np.zeros((12, 12))
    labels[:6] = 255
    places(sheet, fitted(palette.painted(labels), SIDE))


# -- boxes ---------------------------------------------------------------------------------

@pytest.fixture
def rectangles(folder):
    """Gray pictures with a red rectangle where the box is."""
    return database(folder, [record(place, label=1) for place in BOXES])


ANNOTATED = ('data_param {{ source: "{}" backend: LMDB batch_size: 2 }} '
             'annotated_data_param {{ label_map_file: "map.prototxt" {} }} '
             'transform_param {{ resize_param {{ height: 96 width: 96 {} }} mirror: true }}')


@pytest.mark.parametrize("own, resize, size", [
    ("", "", "96 x 96"), ("yolo_data_type: 1 yolo_data_jitter: 0", "", "96 x 96"),
    ("", "resize_mode: FIT_SMALL_SIZE height_scale: 10 width_scale: 20", "96 x 128")])
def test_annotated_data(folder, rectangles, own, resize, size):
    """The red of the rectangles is framed, mirrored or not."""
    Path("map.prototxt").write_text('item { name: "x" label: 1 display_name: "y" }')
    sheet, log = shown(layer("AnnotatedData", ANNOTATED.format(rectangles, own, resize)),
                       "-count=6")
    assert "label: boxes, dashed if difficult" in log and f"data, 3 x {size}: as it is" in log
    red = (sheet == (0, 0, 255)).all(-1)
    frame = (sheet == palette.color_of(1)).all(-1).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(frame)
    framed = [row[:4] for row in stats[1:count] if row[2] > 40 and row[3] > 40]
    assert len(framed) == 6
    for left, top, width, height in framed:
        inside = red[top + HIGH + 4 : top + height - 3, left + 4 : left + width - 4]
        assert inside.mean() > 0.96
    assert red.sum() < 1.02 * sum(int(w) * int(h) for _, _, w, h in framed)


# -- labels of pixels ----------------------------------------------------------------------

@pytest.mark.parametrize("kind, message, extra", [
    ("ImageSegData", "image_data_param", "label_type: PIXEL"),
    ("DenseImageData", "dense_image_data_param", "batch_size: 1")])
def test_labels_of_pixels(folder, kind, message, extra):
    written = paired.write(folder, most=4)
    sheet, log = shown(layer(kind, f'{message} {{ source: "list.txt" root_folder: "./" {extra} }}'),
                       "-count=2")
    assert "label, 1 x 7 x 6: labels of pixels, in colours" in log
    for planes in written[:2]:
        picture = np.ascontiguousarray(planes.transpose(1, 2, 0))
        row, column = places(sheet, fitted(picture, SIDE))
        beside = fitted(palette.painted(planes[0]), SIDE)
        assert places(sheet, beside) == (row, column + beside.shape[1] + 2)


def test_maps(folder):
    written = paired.write(folder, most=256)
    text = 'image_data_param { source: "list.txt" root_folder: "./" SOFT }'
    sheet, log = shown(layer("ImageLabelmapData", text.replace("SOFT", "")), "-count=1")
    places(sheet, fitted(palette.painted(written[0, 0] >= 128), SIDE))
    sheet, log = shown(layer("ImageLabelmapData", text.replace("SOFT", "soft_labels: true")),
                       "-count=1")
    low, high = written[0, 0].min(), written[0, 0].max()
    level = ((written[0, 0] - low) * (255 / (high - low))).round().astype(np.uint8)
    places(sheet, fitted(np.repeat(level[..., None], 3, 2), SIDE))
    assert "label, 1 x 7 x 6: stretched" in log


# -- clips ---------------------------------------------------------------------------------

def test_frames_lie_side_by_side(folder):
    (folder / "v").mkdir()
    for i, picture in enumerate(PICTURES):
        save(folder / "v" / f"{i + 1:06d}.jpg", np.full_like(picture, 40 * i))
        save(folder / "v" / f"image_{i + 1:04d}.png", picture)
    Path("clips.txt").write_text("v 1 7\n")
    Path("tsn.txt").write_text("v 5 7\n")
    own = 'video_data_param { source: "clips.txt" new_length: 4 use_image: true batch_size: 1 }'
    sheet, log = shown(layer("VideoData", f"{own} transform_param {{ mean_value: 9 }}"), "-count=1")
    assert "data, 3 x 4 x 12 x 12: mean_value taken back" in log
    side = 2 * SIDE // 4
    middle = sheet[60:, GAP + side // 2 :: side + 2][side // 2 - 10, :4]
    np.testing.assert_allclose(middle, np.repeat([[0], [40], [80], [120]], 3, 1), atol=2)
    own = ('video_data_param { source: "tsn.txt" modality: RGB num_segments: 5 batch_size: 1 '
           'name_pattern: "image_%04d.png" }')
    sheet, log = shown(layer("VideoData", own), "-count=1", "-phase=TEST")
    assert "data, 15 x 12 x 12: as it is" in log
    for i, picture in enumerate(PICTURES):
        _, column = places(sheet, fitted(picture, 2 * SIDE // 5))
        assert column == GAP + i * (2 * SIDE // 5 + 2)


def test_a_film_that_ends(folder):
    film = cv2.VideoWriter("film.avi", cv2.VideoWriter.fourcc(*"MJPG"), 25, (48, 32))
    for i in range(3):
        film.write(np.full((32, 48, 3), 60 * i, np.uint8))
    film.release()
    own = 'video_data_param { video_type: VIDEO video_file: "film.avi" }'
    _, log = shown(layer("VideoData", f"{own} data_param {{ batch_size: 1 }}", 'top: "data"'))
    assert "VideoData 'data', TRAIN: 3 items" in log


# -- the command ---------------------------------------------------------------------------

def test_draws_are_those_of_training(folder):
    """Random crops and mirrors of the net "train" of a solver with random_seed 5."""
    text = layer("ImageData", f"{IMAGES} transform_param {{ crop_size: 6 mirror: true }}")
    Path("net.prototxt").write_text(
        text + layer("Silence", 'bottom: "data" bottom: "label"', "", "end"))
    net = Net("net.prototxt", caffe_pb2.TRAIN, label="train", context=Context(seed=5))
    net.forward_layer(0)
    expected = net.blobs["data"].data.copy()
    net.close()
    part = reading.data_part("net.prototxt", caffe_pb2.TRAIN, 0, [""], seed=5)
    found = reading.items(part, part.nodes[0], 4)
    part.close()
    np.testing.assert_array_equal([item.tops[0] for item in found[:2]], expected)
    assert [item.name for item in found] == ["0.png", "1.png", "2.png", "3.png"]
    assert [int(item.tops[1]) for item in found] == [0, 1, 0, 1]


def test_several_layers_or_one_of_them(folder):
    text = layer("ImageData", IMAGES) + layer(
        "ImageData", IMAGES, 'top: "other" top: "its_label"', "second")
    both, log = shown(text, "-count=2")
    assert "ImageData 'data'" in log and "ImageData 'second'" in log
    alone, log = shown(text, "-count=2", "-layer=second")
    assert "ImageData 'data'" not in log
    assert both.shape[0] == 2 * alone.shape[0]
    wrong = called("net.prototxt", "-layer=seconds")
    assert wrong.exit_code == 1
    assert "there is no such data layer (found seconds; allowed: data, second). Did you mean" in (
        wrong.output)


def test_names_change_the_words_below(folder):
    text = layer("ImageData", IMAGES)
    plain, _ = shown(text)
    Path("labels.txt").write_text("cat\ndog\n")
    beside, _ = shown(text)
    Path("other.txt").write_text("cat\ndog\n")
    Path("labels.txt").unlink()
    given, _ = shown(text, "-labels=other.txt")
    assert not np.array_equal(plain, beside) and np.array_equal(beside, given)


def test_where_it_goes(folder):
    Path("net.prototxt").write_text(layer("ImageData", IMAGES))
    assert called("net.prototxt", "-out=there.png").exit_code == 0
    assert Path("there.png").exists() and not Path("net_data.png").exists()
    for flag, why in (("-out=there.jpg", "the sheet is a PNG (found there.jpg)"),
                      ("-out=no/there.png", "there is no folder no"),
                      ("-count=0", "count must be 1 or more"),
                      ("-phase=train", 'phase must be "TRAIN" or "TEST"')):
        done = called("net.prototxt", flag)
        assert done.exit_code == 1 and why in done.output


@pytest.mark.parametrize("text, why", [
    (layer("MemoryData", "memory_data_param { batch_size: 1 channels: 1 height: 2 width: 2 }"),
     "a script gives the net its data, so there is nothing to show (found MemoryData 'data')"),
    (layer("Input", "input_param { shape { dim: 1 } }", 'top: "data"'), "found Input 'data'"),
    ('input: "data" input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2', "found Input"),
    (layer("ImageData", f"{IMAGES} include {{ phase: TEST }}"),
     "the net has no data layer in phase TRAIN. Try -phase=TEST."),
])
def test_nothing_to_show(folder, text, why):
    Path("net.prototxt").write_text(text)
    done = called("net.prototxt")
    assert done.exit_code == 1 and why in done.output and not Path("net_data.png").exists()


def test_what_a_script_gives_is_left_out(folder):
    text = layer("ImageData", IMAGES) + layer(
        "Input", "input_param { shape { dim: 1 } }", 'top: "more"', "more")
    _, log = shown(text, "-count=1")
    assert "Input 'more' is left out: a script gives it its data." in log


def test_layers_of_unknown_types_do_not_matter(folder):
    text = layer("ImageData", IMAGES) + layer("Strange", 'bottom: "data"', 'top: "x"', "strange")
    shown(text, "-count=1")
