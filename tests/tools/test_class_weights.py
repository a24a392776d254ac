"""class_weights: what is counted, each formula written out, and the losses that use it."""

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose
from recorded_data import make_db
from support import build, random, run

from caffepy.data import datum
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2, text
from caffepy.services.class_weights import weights, write_infogain
from caffepy.services.label_counts import Counts, counts_of
from caffepy.tools.class_weights import main

LABELS = [0, 2, 2, 1, 2, 0, 4, 2]
EACH = [2, 1, 4, 0, 1]
MAPS = np.array([[[0, 0, 1], [0, 0, 255]], [[1, 1, 1], [1, 1, 2]], [[0, 0, 0], [0, 0, 0]]],
                np.uint8)


def records(arrays, labels):
    pairs = zip(arrays, labels, strict=True)
    return [(b"%08d" % i, datum.from_array(np.asarray(array, np.uint8), int(label))
             .SerializeToString()) for i, (array, label) in enumerate(pairs)]


@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
def test_the_labels_of_records(tmp_path, backend):
    path = make_db(tmp_path / "db", records(np.zeros((8, 3, 2, 2)), LABELS), backend)
    found = counts_of(path)
    assert found.each.tolist() == EACH and found.among.tolist() == [8] * 5 and found.items == 8
    found = counts_of(path, ignore_label=2, classes=6)
    assert found.each.tolist() == [2, 1, 0, 0, 1, 0] and found.ignored == 4


def test_lists_and_hdf5(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("".join(f"some file.png {n}\n" for n in LABELS))
    assert counts_of("list.txt").each.tolist() == EACH
    for name, part in (("a.h5", LABELS[:3]), ("b.h5", LABELS[3:])):
        with h5py.File(name, "w") as file:
            file["label"], file["map"] = np.array(part, np.float32), MAPS
    (tmp_path / "h5s.txt").write_text("a.h5\nb.h5\n")
    assert counts_of("h5s.txt").each.tolist() == EACH
    assert counts_of("a.h5").each.tolist() == [1, 0, 2]
    found = counts_of("a.h5", dataset="map", ignore_label=255)
    assert found.each.tolist() == [10, 6, 1] and found.among.tolist() == [11, 11, 6]


def test_pictures_of_labels(tmp_path):
    import cv2

    lines = []
    for i, labels in enumerate(MAPS):
        cv2.imwrite(str(tmp_path / f"{i}.png"), labels)
        lines.append(f"picture{i}.jpg {i}.png\n")
    (tmp_path / "pairs.txt").write_text("".join(lines))
    found = counts_of(str(tmp_path / "pairs.txt"), pixels=True, ignore_label=255,
                      root=f"{tmp_path}/")
    assert found.each.tolist() == [10, 6, 1] and found.ignored == 1
    # of the pictures that have the class: 5 + 6 pixels, 5 + 6, 6
    assert found.among.tolist() == [11, 11, 6]
    path = make_db(tmp_path / "db", records(MAPS[:, None], [7, 7, 7]))
    assert counts_of(path, pixels=True, ignore_label=255).among.tolist() == [11, 11, 6]


def test_the_formulas():
    found = Counts(np.array([10, 6, 0, 1]), np.array([11, 11, 0, 6]))
    assert_allclose(weights(found), [17 / 40, 17 / 24, 0, 17 / 4])
    share = np.array([10 / 11, 6 / 11, 1 / 6])
    assert_allclose(weights(found, "median"), [share[1] / share[0], 1, 0, share[1] / share[2]])
    one = np.array([(1 - 0.9) / (1 - 0.9**n) for n in (10, 6, 1)])
    assert_allclose(weights(found, "effective", 0.9), np.insert(one, 2, 0) * 4 / one.sum())
    assert_allclose(weights(found, "effective", 0), [4 / 3, 4 / 3, 0, 4 / 3])
    with pytest.raises(ConfigError, match="no such method .found medain.*median"):
        weights(found, "medain")
    with pytest.raises(ConfigError, match="beta must be"):
        weights(found, "effective", 1)


def test_from_a_database_to_both_losses(call, tmp_path):
    """What is printed is what a net is built of, and both losses are the same then."""
    path = make_db(tmp_path / "db", records(np.zeros((8, 3, 2, 2)), LABELS))
    matrix = tmp_path / "H.binaryproto"
    x = random(8, 5)
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    by_hand = np.array([8 / (5 * EACH[n]) for n in LABELS])
    expected = (by_hand * -np.log(p[np.arange(8), LABELS])).mean()
    for flags, kind in (([], 'type: "SoftmaxWithLoss" '), ([f"-infogain={matrix}"], "")):
        done = call(main, *flags, path)
        assert done.exit_code == 0, done.output
        assert "class 3 has no label: its weight is 0" in done.output
        lines = done.output.split("\n\n")[-1].split("\nI1")[0]
        assert_allclose(run(build(kind + lines, x, LABELS), [x, LABELS])[0], expected, rtol=1e-5)
    blob = caffe_pb2.BlobProto.FromString(matrix.read_bytes())
    assert (blob.num, blob.channels, blob.height, blob.width) == (1, 1, 5, 5)
    rows = [line.split() for line in done.output.splitlines() if line.strip()[:1].isdigit()]
    assert rows[2] == ["2", "4", "50.0000%", "0.4"]


def test_what_is_printed_with_an_ignored_label(call, tmp_path):
    path = make_db(tmp_path / "db", records(MAPS[:, None], [0, 0, 0]))
    done = call(main, "-pixels", "-ignore_label=255", "-method=median", path)
    assert done.exit_code == 0, done.output
    param = caffe_pb2.LayerParameter()
    text.parse(done.output.split("\n\n")[-1], param)
    assert param.loss_param.ignore_label == 255 and param.loss_param.weight_by_label_freqs
    share = np.array([10 / 11, 6 / 11, 1 / 6])
    assert_allclose(param.loss_param.class_weighting, share[1] / share, rtol=1e-5)
    assert "ignored       1" in done.output


def test_mistakes_are_told(tmp_path):
    path = make_db(tmp_path / "db", records(MAPS[:, None], [-1, 3, 2]))
    with pytest.raises(DataError, match="record 00000000: a label is no class .found -1.*-ignore"):
        counts_of(path)
    with pytest.raises(DataError, match="found 3; allowed: whole numbers, 0 to 2"):
        counts_of(path, ignore_label=-1, classes=3)
    with pytest.raises(DataError, match="no label to count.*3 items, 18 ignored"):
        counts_of(make_db(tmp_path / "one", records(np.ones((3, 1, 2, 3)), [0] * 3)), pixels=True,
                  ignore_label=1)
    with pytest.raises(DataError, match="one channel .found 3 channels.*leave out -pixels"):
        counts_of(make_db(tmp_path / "rgb", records(np.zeros((1, 3, 2, 2)), [0])), pixels=True)
    with pytest.raises(NotFound, match="no such database, list or HDF5 file"):
        counts_of(str(tmp_path / "nowhere"))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["label"] = [0.5]
    with pytest.raises(DataError, match="row 0 of 'label': a label is no class .found 0.5"):
        counts_of(str(tmp_path / "x.h5"))
    with pytest.raises(DataError, match="no dataset 'map'.*found label.*-dataset"):
        counts_of(str(tmp_path / "x.h5"), dataset="map")


def test_the_matrix_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(NotFound):
        write_infogain(str(tmp_path / "no" / "H.binaryproto"), np.ones(3))
