"""Results on the board: reports that were written, tests that are made here."""

import json

import board_files
import numpy as np
import pytest
from pytest import approx

from caffepy.board.results import detected, reports, tables, testing
from caffepy.board.results.detected import Boxes, Frame
from caffepy.board.results.judged import Judged
from caffepy.board.results.segmented import Segmented
from caffepy.board.shelf import Shelf
from caffepy.core.context import Context
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.services import testing as service

ITEMS = board_files.records(23)


def write_mistakes(folder):
    """Two records whose labels are wrong, so that the net is."""
    items = list(ITEMS)
    items[4] = (items[4][0], (items[4][1] + 1) % 4)
    items[9] = (items[9][0], (items[9][1] + 2) % 4)
    source = board_files.database(folder / "test_lmdb", items)
    return board_files.write_net(folder, source), board_files.write_weights(folder)[-1], items


def test_a_test_keeps_every_answer_and_has_the_numbers_of_a_report(folder, tmp_path):
    net, weights, items = write_mistakes(folder)
    found = testing.test(net, weights, Shelf([folder]))
    answers = found.answers
    assert isinstance(answers, Judged) and (found.count, found.total) == (23, 23)
    assert found.source == str(folder / "test_lmdb")
    service.test(str(net), [str(weights)], None, Context(), report=str(tmp_path / "report"))
    report = reports.read(tmp_path / "report", "report", Shelf([tmp_path]))
    assert (answers.table == report.table).all() and answers.table.sum() == 23
    assert report.told["accuracy"] == approx(answers.accuracy) == approx(21 / 23)
    wrong = answers.of(wrong=True)
    assert {one.record for one in wrong} == {4, 9}
    assert {one["record"] for one in report.mistakes()} == {4, 9}
    one = next(one for one in wrong if one.record == 4)
    assert (one.truth, one.answer) == (items[4][1], ITEMS[4][1])
    assert 0 <= one.of_truth < 0.5 < one.confidence <= 1
    assert [item.record for item in answers.of(one.truth, one.answer)] == [4]
    right = answers.of(2, 2)
    assert right and all(items[item.record][1] == 2 for item in right)
    assert [item.of_truth for item in right] == sorted(item.of_truth for item in right)


def test_a_test_ends_after_so_many_records(folder):
    net, weights, _ = write_mistakes(folder)
    found = testing.test(net, weights, Shelf([folder]), records=7)
    assert found.count == 7 == found.answers.table.sum()


def test_what_has_no_answers_or_lies_outside_is_refused(folder, tmp_path):
    net, weights, _ = write_mistakes(folder)
    bare = net.read_text().split('layer { name: "accuracy"')[0]
    (folder / "bare.prototxt").write_text(bare + 'layer { name: "s" type: "Silence" bottom: "ip" '
                                          'bottom: "label" }')
    with pytest.raises(ConfigError, match="compares answers with labels"):
        testing.test(folder / "bare.prototxt", weights, Shelf([folder]))
    outside = board_files.database(tmp_path / "other_lmdb", ITEMS)
    with pytest.raises(ConfigError, match="outside of the folders"):
        testing.test(board_files.write_net(folder, outside), weights, Shelf([folder]))


def test_classes_and_shades_of_a_table():
    table = np.array([[8, 2, 0], [0, 0, 0], [1, 0, 3]])
    one, nothing, last = tables.classes(table, ["a", "b", "c"])
    assert (one.recall, one.precision, one.f1) == (approx(0.8), approx(8 / 9), approx(16 / 19))
    assert (nothing.recall, nothing.precision) == (None, 0) and last.right == 3
    across, rows = tables.rows(table, ["a", "b", "c"])
    assert across == ["a", "b", "c"]
    assert [cell.shade for cell in rows[0].cells] == [8, 4, 0]
    many = np.eye(100, dtype=int)
    many[3, 70] = 5
    assert {3, 70} <= set(tables.shown(many)) and len(tables.shown(many)) == tables.MOST_CLASSES


def boxes(*rows):
    return np.array(rows, float)


def test_detections_are_matched_and_counted_by_threshold():
    here, there, far = (0.1, 0.1, 0.4, 0.4), (0.5, 0.5, 0.9, 0.9), (0.0, 0.6, 0.2, 0.8)
    found = boxes((0, 1, 0.3, *here), (0, 1, 0.9, *here), (0, 2, 0.7, *there), (0, 1, 0.6, *far),
                  (0, 1, 0.8, *there))
    truth = boxes((0, 1, 0, *here, 0), (0, 2, 0, *there, 0), (0, 2, 0, *far, 0),
                  (0, 1, 0, *there, 1))  # the last is difficult
    one = detected._matched(5, found, truth)
    assert [(frame.score, frame.state) for frame in one.found] == [
        (0.9, "right"), (0.8, "aside"), (0.7, "right"), (0.6, "wrong"), (0.3, "wrong")]
    assert [(frame.state, frame.taken) for frame in one.true] == [
        ("found", 0.9), ("found", 0.7), ("missed", 0), ("aside", 0)]
    assert one.mistakes(0.5) == (1, 1) and one.mistakes(0.8) == (2, 0)
    assert one.true[1].seen(0.8) == "missed" and one.true[1].seen(0.6) == "found"
    judge = detected.Detected(None)
    judge.pictures = [Boxes(0), one]
    assert judge.counts(0.5) == {1: (1, 1, 1), 2: (2, 1, 0)}
    assert [picture.record for picture in judge.worst(0.5)] == [5]
    assert isinstance(one.found[0], Frame)


def test_a_box_that_counts_is_taken_before_a_difficult_one_that_fits_better():
    one = detected._matched(0, boxes((0, 1, 0.8, 0.1, 0.1, 0.5, 0.5)), boxes(
        (0, 1, 0, 0.1, 0.1, 0.5, 0.5, 1), (0, 1, 0, 0.1, 0.1, 0.5, 0.4, 0)))
    assert [(frame.state, frame.taken) for frame in one.true] == [("aside", 0), ("found", 0.8)]


SEGMENTATION = """
layer { name: "split" type: "Slice" bottom: "data" top: "scores" top: "label"
  slice_param { slice_point: 3 } }
layer { name: "accuracy" type: "Accuracy" bottom: "scores" bottom: "label" top: "accuracy"
  accuracy_param { ignore_label: 2 } }
"""


def test_labels_of_pixels_are_counted_and_the_worst_are_pictures(folder):
    items = []
    for i in range(3):
        scores = np.zeros((3, 4, 4), np.uint8)
        scores[0] = 1                       # the answer is 0 everywhere
        truth = np.zeros((1, 4, 4), np.uint8)
        truth[0, :i] = 1
        truth[0, 3, 3] = 2                  # which does not count
        items.append((np.concatenate([scores, truth]), 0))
    source = board_files.database(folder / "seg_lmdb", items)
    net = folder / "seg.prototxt"
    net.write_text('layer { name: "data" type: "Data" top: "data" data_param { '
                   f'source: "{source}" backend: LMDB batch_size: 2 }} }}' + SEGMENTATION)
    weights = board_files.write_weights(folder)[0]
    found = testing.test(net, weights, Shelf([folder]))
    answers = found.answers
    assert isinstance(answers, Segmented) and found.count == 3
    assert answers.table.tolist() == [[33, 0, 0], [12, 0, 0], [0, 0, 0]]
    assert answers.accuracy == approx(33 / 45) and answers.mean_iou == approx(33 / 45 / 2)
    worst = answers.worst.items()
    assert [item.number for item in worst] == [2, 1, 0] and worst[0].right == approx(7 / 15)
    assert worst[0].truth.shape[2] == 3 and not worst[0].answer.any()


@pytest.mark.parametrize("text", ["[1]", "{", '{"classes": 3}', '{"worst": [1, {"record": "x"}]}',
                                  '{"accuracy": null, "classes": [null, {"label": 1}]}'])
def test_strange_reports_are_shown_or_refused(folder, text):
    (folder / "report.json").write_text(text)
    (folder / "confusion.csv").write_text("a,b\nx,1\ny,2,3\n")
    try:
        found = reports.read(folder, "shelf", Shelf([folder]))
    except DataError:
        assert not text.startswith('{"')
        return
    assert found.table is None and found.headline == ""
    assert isinstance(found.classes(), list) and isinstance(found.mistakes(), list)
    list(found.numbers())


def test_reports_are_found_with_their_numbers(folder, tmp_path):
    (folder / "r").mkdir()
    (folder / "r" / "report.json").write_text(json.dumps(
        {"mean_average_precision": 0.5, "coco": {"AP": 0.25, "AP50": None}, "classes": []}))
    shelf = Shelf([folder])
    one, = reports.found(shelf)
    found = reports.read(one.path.parent, "shelf/r", shelf)
    assert found.detector and found.headline == "mAP 0.5000"
    assert found.numbers() == [("mean average precision", 0.5), ("coco AP", 0.25)]
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (folder / "r" / "confusion.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(NotFound):
        reports.read(one.path.parent, "shelf/r", shelf)
