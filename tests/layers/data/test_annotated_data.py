"""AnnotatedData: boxes stay with their pixels, draws are those of the record."""

import logging
import re

import cv2
import numpy as np
import pytest
from annotated import BOXES, batches, database, forward, line, maker, record, rows
from recorded_data import ANNOTATED, annotated_records, make_db
from support import build, parse

from caffepy.core import stand_in
from caffepy.errors import DataError, ShapeError
from caffepy.proto import caffe_pb2

SAMPLER = ("batch_sampler { sampler { min_scale: 0.3 max_scale: 1 min_aspect_ratio: 0.5 "
           "max_aspect_ratio: 2 } sample_constraint { min_object_coverage: 0.4 } max_sample: 1 }")
ALL = ("distort_param { brightness_prob: 0.5 brightness_delta: 32 hue_prob: 0.5 hue_delta: 18 "
       "contrast_prob: 0.5 contrast_lower: 0.5 contrast_upper: 1.5 random_order_prob: 0.3 } "
       "expand_param { prob: 0.5 max_expand_ratio: 3 } mean_value: 104 mean_value: 117 "
       "mean_value: 123 mirror: true resize_param { height: 24 width: 30 interp_mode: LINEAR "
       "interp_mode: AREA } noise_param { saltpepper: true saltpepper_param { fraction: 0.1 } } "
       "crop_h: 20 crop_w: 22 emit_constraint { emit_type: CENTER }")


@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
@pytest.mark.parametrize("case", ["ssd_test", "fit_pad", "plain", "area", "nearest"])
def test_the_fork_s_batches(tmp_path, case, backend):
    with np.load(ANNOTATED / "annotated_data.npz") as recorded:
        text = str(recorded[f"{case}/prototxt"])
        name = re.search(r"DB/(\w+)", text)[1]
        make_db(tmp_path / name, annotated_records(name), backend)
        text = text.replace("DB/", f"{tmp_path}/").replace("DATA/", f"{ANNOTATED}/")
        made = batches(text.replace("LMDB", backend.upper()), phase="TEST")
        for i, (data, label) in enumerate(made):
            np.testing.assert_array_equal(data, recorded[f"{case}/data{i}"])
            np.testing.assert_array_equal(label, recorded[f"{case}/label{i}"])


@pytest.mark.parametrize("words", [
    "padding: 5", "affine_param { min_random_scale: 0.6 max_random_shift: 0.1 }",
    "perspective_param { max_shift: 0.1 }",
    "crop_size: 40 random_aspect_ratio_param { min_area_ratio: 0.6 }",
    "min_side: 30 vertical_stretch_lower: 0.8 vertical_stretch_upper: 0.8",
])
def test_boxes_go_where_any_change_moves_their_pixels(rectangles, words):
    """And where a database is shuffled, too."""
    text = line(rectangles, f"{words} mirror: true").replace("batch", "shuffle: true batch")
    seen = 0
    for data, label in batches(text, 4):
        for which, _, _, *place, _ in label[0, 0]:
            picture = data[int(which)]
            height, width = picture.shape[1:]
            red = (picture[2] > 200) & (picture[0] < 60)
            rows, columns = np.nonzero(red)
            expected = [columns.min() / width, rows.min() / height, (columns.max() + 1) / width,
                        (rows.max() + 1) / height]
            np.testing.assert_allclose(place, expected, atol=2.5 / min(height, width))
            seen += 1
    assert seen >= 10


def test_the_label_may_be_left_out(rectangles):
    (data,), _ = batches(line(rectangles, tops='top: "data"'))
    assert data.shape == (3, 3, 48, 64)


def test_each_box_says_on_which_picture_it_is(tmp_path):
    two = record(BOXES[0], label=7)
    one = two.annotation_group.add(group_label=2).annotation.add(instance_id=4)
    one.bbox.xmin, one.bbox.ymin, one.bbox.xmax, one.bbox.ymax = 0, 0, 0.5, 1
    one.bbox.difficult = True
    none = record(BOXES[1])
    none.ClearField("annotation_group")
    source = database(tmp_path, [two, none, record(BOXES[2], label=1)])
    (_, label), *_ = batches(line(source), phase="TEST")
    np.testing.assert_array_equal(label[0, 0], np.array([
        [0, 7, 0, *BOXES[0], 0], [0, 2, 4, 0, 0, 0.5, 1, 1], [2, 1, 0, *BOXES[2], 0]],
        np.float32))


def test_a_batch_without_boxes_has_one_row_of_minus_one(tmp_path):
    none = record(BOXES[1])
    none.ClearField("annotation_group")
    source = database(tmp_path, [none, record(BOXES[0])])
    for batch, shape in ((1, (1, 1, 1, 8)), (2, (1, 1, 1, 8))):
        (_, label), *_ = batches(line(source, batch=batch), phase="TEST")
        assert label.shape == shape
        assert (label == -1).all() == (batch == 1)


@pytest.mark.parametrize("transform, own", [
    ("", ""),
    ("mirror: true", ""),
    ("resize_param { height: 90 width: 70 }", ""),
    ("resize_param { resize_mode: FIT_SMALL_SIZE height: 90 width: 70 } crop_size: 65", ""),
    ("resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 80 width: 80 pad_value: 9 }", ""),
    ("resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 60 width: 90 pad_value: 9 }", ""),
    ("expand_param { max_expand_ratio: 2 } resize_param { height: 120 width: 120 }", ""),
    ("crop_h: 40 crop_w: 50 mirror: true", ""),
    ("resize_param { height: 100 width: 100 } mirror: true", SAMPLER),
    ("expand_param { max_expand_ratio: 2 } resize_param { height: 120 width: 150 } mirror: true "
     "crop_h: 110 crop_w: 120 distort_param { brightness_prob: 1 brightness_delta: 20 }", SAMPLER),
])
def test_boxes_stay_with_their_pixels(rectangles, transform, own):
    it = maker(rectangles, transform, own)
    seen = 0
    for _ in range(12):
        batch = it.next()
        found = {int(row[0]): row for row in rows(batch) if row[0] >= 0}
        for i, pixels in enumerate(batch.data):
            red = (pixels[2] > 190) & (pixels[1] < 60)
            if i not in found:
                assert red.sum() <= 4 * sum(red.shape), "at most a border of it is left"
                continue
            _, height, width = pixels.shape
            ys, xs = np.nonzero(red)
            assert red[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].mean() > 0.9
            got = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            expected = found[i][3:7] * [width, height, width, height]
            # a part's sides are rounded to pixels, which are larger when it is resized
            assert abs(got - expected).max() <= (8 if own else 2.5)
            seen += 1
    it.close()
    assert seen > 20


@pytest.mark.parametrize("emit, kept", [
    ("", True), ("emit_constraint { emit_type: CENTER }", False),
    ("emit_constraint { emit_type: MIN_OVERLAP emit_overlap: 0.2 }", True),
    ("emit_constraint { emit_type: MIN_OVERLAP emit_overlap: 0.22 }", False),
])
def test_which_boxes_a_crop_leaves(tmp_path, emit, kept):
    # the middle's corner is at a quarter; 3/14 of the box are in it, but for its centre
    source = database(tmp_path, [record((0, 0, 0.4375, 0.5))])
    (_, label), *_ = batches(line(source, f"crop_h: 24 crop_w: 32 {emit}", batch=1), phase="TEST")
    expected = [0, 3, 0, 0, 0, 0.375, 0.5, 0] if kept else [-1] * 8
    np.testing.assert_allclose(label[0, 0], [expected])


def test_height_scale_and_width_scale(rectangles):
    transform = ("resize_param { resize_mode: FIT_SMALL_SIZE height: 24 width: 24 "
                 "height_scale: 12 width_scale: 8 }")
    (data, label), *_ = batches(line(rectangles, transform, batch=1), phase="TEST")
    assert data.shape == (1, 3, 24, 32)
    np.testing.assert_allclose(label[0, 0, 0, 3:7], np.multiply(BOXES[0], (32 / 8, 24 / 12) * 2))
    with pytest.raises(ShapeError, match="smaller than height_scale and width_scale"):
        batches(line(rectangles, transform.replace("12", "25"), batch=1))


def test_one_size_a_batch_out_of_several(rectangles):
    transform = " ".join(f"resize_param {{ prob: 0.25 height: {size} width: {size} }}"
                         for size in (8, 9, 10, 11))
    shapes = [data.shape for data, _ in batches(line(rectangles, transform), 30)]
    assert {shape[2] for shape in shapes} == {8, 9, 10, 11}
    for rank in range(2):
        it = maker(rectangles, transform, rank=rank, size=2)
        first = it.shapes[0], [it.next().data.shape for _ in range(5)]
        assert first[0] == first[1][0]
        other = maker(rectangles, transform, rank=1 - rank, size=2)
        assert [other.next().data.shape for _ in range(5)] == first[1], "all workers draw the same"


def test_records_without_a_type_have_a_label(tmp_path):
    records = [record(place) for place in BOXES]
    for number, one in enumerate(records):
        one.ClearField("type")
        one.datum.label = number + 5
    source = database(tmp_path, records)
    (_, label), *_ = batches(line(source), phase="TEST")
    np.testing.assert_array_equal(label, [5, 6, 7])
    (_, label), *_ = batches(line(source, own="anno_type: BBOX"), phase="TEST")
    np.testing.assert_array_equal(label[0, 0, :, 3:7], np.array(BOXES, np.float32))
    records[0].datum.ClearField("label")
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="record '00000000_x' .* neither a type of annotations nor"):
        build(line(database(tmp_path / "other", records)))


def test_neither_threads_nor_batches_change_anything(rectangles):
    def run(batch, threads):
        it = maker(rectangles, ALL, SAMPLER, batch=batch, threads=threads)
        made = [it.next() for _ in range(24 // batch)]
        it.close()
        boxes = []
        for number, one in enumerate(made):
            kept = rows(one)[rows(one)[:, 0] >= 0]
            boxes.append(kept + np.eye(1, 8)[0] * number * batch)
        return np.concatenate([one.data for one in made]), np.concatenate(boxes)

    data, boxes = run(4, 1)
    assert len({one.tobytes() for one in data}) == 24 and len(boxes) > 10
    for batch, threads in ((4, 3), (3, 1), (8, 2)):
        got = run(batch, threads)
        np.testing.assert_array_equal(got[0], data)
        np.testing.assert_array_equal(got[1], boxes)


def test_a_resumed_layer_goes_on_where_it_was(rectangles):
    text = line(rectangles, ALL, SAMPLER)
    whole = build(text)
    before = [forward(whole) for _ in range(3)]
    position = whole[0].position
    after = [forward(whole) for _ in range(3)]
    assert position == 9 and not np.array_equal(before[0][0], after[0][0])
    resumed = build(text)
    resumed[0].position = position
    for expected in after:
        for one, other in zip(forward(resumed), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    whole[0].close(), resumed[0].close()


def test_ranks_share_the_records(rectangles):
    one = maker(rectangles, ALL, SAMPLER, batch=6).next().data
    for rank in range(2):
        it = maker(rectangles, ALL, SAMPLER, rank=rank, size=2)
        np.testing.assert_array_equal(it.next().data, one[rank::2])


def test_another_seed_draws_otherwise(rectangles):
    one, other = (maker(rectangles, ALL, SAMPLER, seed=seed).next().data for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_raw_records_are_resized_too(tmp_path):
    made = record(BOXES[0])
    pixels = cv2.imdecode(np.frombuffer(made.datum.data, np.uint8), cv2.IMREAD_COLOR)
    made.datum.CopyFrom(caffe_pb2.Datum(channels=3, height=48, width=64,
                                        data=pixels.transpose(2, 0, 1).tobytes()))
    source = database(tmp_path, [made])
    (data, _), *_ = batches(line(source, "resize_param { height: 20 width: 30 }", batch=1))
    np.testing.assert_array_equal(data[0].transpose(1, 2, 0), cv2.resize(pixels, (30, 20)))
    made.datum.float_data.extend(range(3 * 48 * 64))
    made.datum.ClearField("data")
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="only pictures of bytes can be resized .*float32"):
        build(line(database(tmp_path / "other", [made]), "resize_param { height: 2 width: 3 }"))


def test_labels_are_those_of_the_map(tmp_path, rectangles, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    path = tmp_path / "map.prototxt"
    own = f'label_map_file: "{path}"'
    batches(line(rectangles, own=own))
    assert f"there is no label_map_file {path}: labels are taken as they are" in caplog.text
    path.write_text('item { name: "cat" label: 3 display_name: "Cat" }')
    batches(line(rectangles, own=own))
    path.write_text('item { name: "cat" label: 1 }')
    with pytest.raises(DataError, match=r"record '00000000_x' of .*: a box has a label that is not "
                                        r"in label_map_file .found 3; allowed: those of .*map"):
        build(line(rectangles, own=own))


def test_what_it_looks_like_without_its_database():
    net = caffe_pb2.NetParameter()
    net.layer.add().CopyFrom(parse(
        'type: "AnnotatedData" top: "data" top: "label" data_param { source: "nowhere" '
        "batch_size: 3 } transform_param { resize_param { height: 24 width: 30 } }"))
    assumed, unknown = stand_in.stand_in(net)
    assert "nowhere is not there; taken as 3 x 3 x 24 x 30" in assumed[0] and not unknown
    shapes = [list(shape.dim) for shape in net.layer[0].input_param.shape]
    assert shapes == [[3, 3, 24, 30], [1, 1, 3, 8]]
