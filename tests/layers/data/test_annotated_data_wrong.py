"""What AnnotatedData does with boxes, records and settings that cannot be right."""


import numpy as np
import pytest
from annotated import BOXES, batches, database, forward, line, record
from recorded_data import make_db
from support import build

from caffepy.core.context import Context
from caffepy.errors import CaffeError, ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2


@pytest.mark.parametrize("place", [(16, 12, 48, 24), (1.5, 0, 1.8, 1), (0, -2, 1, -1),
                                   (float("nan"), 0, 1, 1)])
def test_a_box_outside_its_picture(tmp_path, place):
    bad = record(BOXES[0])
    one = bad.annotation_group[0].annotation[0].bbox
    one.xmin, one.ymin, one.xmax, one.ymax = place
    source = database(tmp_path, [record(BOXES[0]), bad])
    built = build(line(source, batch=1))
    with pytest.raises(DataError, match="record '00000001_x' of .*a box lies outside its picture "
                                        ".found .*shares of the picture's width and height"):
        forward(built), forward(built)
    built[0].close()


def test_a_box_that_the_picture_s_side_cuts(tmp_path):
    cut = record((-0.25, 0.5, 0.5, 1.25))
    (_, label), *_ = batches(line(database(tmp_path, [cut]), batch=1), phase="TEST")
    np.testing.assert_array_equal(label[0, 0, 0, 3:7], [0, 0.5, 0.5, 1])


def test_a_crop_larger_than_the_resized_picture(rectangles):
    resize = "resize_param { height: 30 width: 40 }"
    for crop, words in (("crop_size: 36", "crop_size .found 3 x 30 x 40; allowed: 36 x 36 or more"),
                        ("crop_h: 20 crop_w: 41", "crop_h and crop_w .*allowed: 20 x 41 or more")):
        with pytest.raises(ShapeError, match=f"smaller than {words}"):
            build(line(rectangles, f"{resize} {crop}"))
    with pytest.raises(ConfigError, match="crop_h and crop_w must be given both .*found 20 x 0"):
        build(line(rectangles, "crop_h: 20"))


def test_a_database_of_plain_datums(tmp_path):
    plain = caffe_pb2.Datum(channels=1, height=2, width=2, data=b"1234", label=3)
    source = database(tmp_path, [plain])
    with pytest.raises(DataError, match="record .00000000_x. of .* a Datum without boxes .*"
                                        'Write type: "Data"'):
        build(line(source))
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="record .00000000_x. of .*: the record is damaged, or no"):
        build(line(make_db(tmp_path / "other" / "db", [(b"00000000_x", b"\x0a\xff")])))


def test_data_says_whose_records_these_are(rectangles):
    with pytest.raises(DataError, match='pictures with boxes. Write type: "AnnotatedData"'):
        build(f'type: "Data" data_param {{ source: "{rectangles}" backend: LMDB batch_size: 1 }}')


@pytest.mark.parametrize("own, transform, message", [
    ("batch_sampler { sampler { max_scale: 2 } }", "", "batch_sampler 0: .*such a scale"),
    ("", "expand_param { }", "max_expand_ratio must be above 1"),
    ("", "resize_param { }", "needs height and width"),
])
def test_settings_that_cannot_be(rectangles, own, transform, message):
    with pytest.raises(ConfigError, match=r"layer 'layer' \(AnnotatedData\).*" + message):
        build(line(rectangles, transform, own))
    with pytest.raises(ConfigError, match="data_param needs a batch_size"):
        build(line(rectangles, batch=0))


def test_the_layer_hands_its_context_on(rectangles, monkeypatch):
    monkeypatch.setattr("caffepy.testing.building.Context",
                        lambda **o: Context(**o, rank=1, size=2))
    built = build(line(rectangles, batch=1))
    assert forward(built)[1][0, 0, 0, 3:7].tolist() == np.array(BOXES[1], np.float32).tolist()
    built[0].close()


def test_a_damaged_picture_is_named(tmp_path):
    bad = record(BOXES[0])
    bad.datum.data = b"no picture"
    with pytest.raises(CaffeError, match="record '00000000_x' of .*not a picture"):
        build(line(database(tmp_path, [bad])))
