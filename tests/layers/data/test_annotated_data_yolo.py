"""AnnotatedData with MobileNet-YOLO's words."""


import numpy as np
import pytest
from annotated import BOXES, batches, database, forward, line, maker, record
from support import build

from caffepy.errors import ConfigError, DataError

YOLO = "yolo_data_type: 1"


def test_yolo_s_labels(tmp_path):
    two = record((0.25, 0.5, 0.75, 1), label=7)
    one = two.annotation_group.add(group_label=2).annotation.add(instance_id=4)
    one.bbox.xmin, one.bbox.ymin, one.bbox.xmax, one.bbox.ymax = 0, 0, 0.5, 1
    one.bbox.difficult = True
    none = record(BOXES[1])
    none.ClearField("annotation_group")
    source = database(tmp_path, [two, none])
    own = f"{YOLO} yolo_data_jitter: 0"
    built = build(line(source, own=own, batch=2))
    assert built[2][1].shape == (2, 1, 300, 5)
    _, label = forward(built)
    built[0].close()
    assert label[0, 0, 0].tolist() == [6, 0.5, 0.75, 0.5, 0.5]
    assert not label[0, 0, 1:].any() and not label[1].any()
    (_, label), *_ = batches(line(source, own=f"{own} train_diffcult: true", batch=2))
    assert label[0, 0, 1].tolist() == [1, 0.25, 0.5, 0.5, 1] and not label[0, 0, 2:].any()
    with pytest.raises(ConfigError, match="yolo_data_type is 1 for YOLO's labels, or 0 .found 3"):
        build(line(source, own="yolo_data_type: 3"))


def test_yolo_s_jitter_moves_boxes_with_their_pixels(rectangles):
    resize = "resize_param { height: 96 width: 128 } mirror: true"
    it = maker(rectangles, resize, f"{YOLO} yolo_data_jitter: 0.4")
    sides = set()
    for _ in range(10):
        batch = it.next()
        for pixels, rows_ in zip(batch.data, batch.rest[0][:, 0], strict=True):
            ys, xs = np.nonzero((pixels[2] > 190) & (pixels[1] < 60))
            _, x, y, wide, tall = rows_[0]
            got = [xs.min(), xs.max() + 1, ys.min(), ys.max() + 1]
            expected = np.array([(x - wide / 2) * 128, (x + wide / 2) * 128,
                                 (y - tall / 2) * 96, (y + tall / 2) * 96])
            assert abs(got - expected).max() < 5
            sides.add(round(float(wide), 3))
    assert len(sides) > 12
    it.close()
    plain, sampled = (maker(rectangles, resize, f"{YOLO} {own}").next().rest[0]
                      for own in ("", "batch_sampler { max_sample: 1 }"))
    places = {tuple(np.round(row[3:5], 4)) for row in sampled[:, 0, 0]}
    assert places == {tuple(np.round(np.subtract(box[2:], box[:2]), 4).astype(np.float32))
                      for box in BOXES}, "samplers, here of the whole, come in its place"
    assert not np.array_equal(plain, sampled)


def test_more_boxes_than_yolo_s_labels_hold(tmp_path):
    crowd = record(BOXES[0])
    for _ in range(300):
        crowd.annotation_group[0].annotation.add().CopyFrom(crowd.annotation_group[0].annotation[0])
    with pytest.raises(DataError, match="record '00000000_x' of .* no room for all boxes of the "
                                        "picture .found 301; allowed: 300 or fewer"):
        build(line(database(tmp_path, [crowd]), own=f"{YOLO} yolo_data_jitter: 0", batch=1))
