"""A forked child reads on where the parent's readers were."""

import logging
import os
import threading

import h5py
import numpy as np
import pytest
from forking import Child, forked
from turning import TRAIN, parsed

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.db import open_db
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2, hdf5

from .conftest import DATA, database, equal, forking

pytestmark = forking


def batches(net, count):
    found = []
    for _ in range(count):
        net.forward()
        found += [net.blobs["x"].data.copy(), net.blobs["y"].data.copy()]
    return found


def reading(path, backend="LMDB", phase=TRAIN):
    return Net(parsed(DATA.format(path, backend)), phase, context=Context(seed=2))


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("used", [0, 1, 5, 9])
def test_a_child_reads_on_where_the_net_was(tmp_path, encoded, used, monkeypatch):
    monkeypatch.setenv("CAFFEPY_DECODERS", "3")
    path = database(tmp_path / "db", encoded=encoded)
    alone = batches(reading(path), used + 12)
    net = reading(path)
    batches(net, used)
    children = [Child(lambda: batches(net, 12)) for _ in range(2)]
    equal(batches(net, 6), alone[2 * used : 2 * used + 12])
    late = Child(lambda: (batches(net, 6), net.close())[0])
    for child in children:
        equal(child.result(), alone[2 * used :])
    equal(late.result(), alone[2 * used + 12 :])
    equal(batches(net, 6), alone[2 * used + 12 :])
    net.close()


def test_a_child_makes_its_own_net_of_a_database_that_the_parent_reads(tmp_path):
    path = database(tmp_path / "db")
    net = reading(path)
    expected = batches(net, 4)
    child = Child(lambda: batches(reading(path), 4))
    after = batches(net, 4)
    equal(child.result(), expected)
    net.close()
    equal(batches(reading(path), 8)[8:], after)


def test_a_record_that_is_appended_meanwhile_is_no_harm(tmp_path):
    path = str(database(tmp_path / "db", count=300))
    with open_db(path, "lmdb") as reader:
        labels = [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(7)]

        def append():
            with open_db(path, "lmdb", "append") as db:
                db.put(b"99999", caffe_pb2.Datum(label=300).SerializeToString())

        forked(append)
        found = forked(lambda: [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(400)])
        labels += [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(400)]
    assert labels == list(range(301)) and found == labels[7:]


def test_a_closed_reader_stays_closed(tmp_path):
    reader = open_db(str(database(tmp_path / "db")), "lmdb")
    reader.close()
    forked(lambda: None)
    with pytest.raises(DataError, match="closed"):
        reader.seek_to_first()

IMAGES = """layer {{ name: "d" type: "ImageData" top: "x" top: "y" image_data_param {{
  source: "{0}" batch_size: 3 shuffle: true }} }}
"""


def test_lists_of_pictures_go_on_too(tmp_path):
    import cv2

    lines = []
    for i in range(7):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((4, 4, 3), i, np.uint8))
        lines.append(f"{tmp_path / str(i)}.png {i}\n")
    (tmp_path / "list.txt").write_text("".join(lines))

    def net_():
        return Net(parsed(IMAGES.format(tmp_path / "list.txt")), TRAIN, context=Context(seed=2))

    alone = batches(net_(), 8)
    net = net_()
    batches(net, 3)
    equal(forked(lambda: batches(net, 5)), alone[6:])
    equal(batches(net, 5), alone[6:])
    net.close()

ROWS = """layer {{ name: "d" type: "HDF5Data" top: "x" top: "y" hdf5_data_param {{
  source: "{0}" batch_size: 3 }} }}
"""


@pytest.mark.parametrize("whole", [1 << 28, 0])
def test_rows_of_hdf5_go_on_too(tmp_path, monkeypatch, whole):
    from caffepy.data import hdf5_rows

    monkeypatch.setattr(hdf5_rows, "WHOLE", whole)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["x"] = np.arange(20.0).reshape(10, 2)
        file["y"] = np.arange(10.0)
    (tmp_path / "list.txt").write_text(f"{tmp_path / 'rows.h5'}\n")

    def net_():
        return Net(parsed(ROWS.format(tmp_path / "list.txt")), TRAIN, context=Context(seed=2))

    alone = batches(net_(), 8)
    net = net_()
    batches(net, 3)
    equal(forked(lambda: batches(net, 5)), alone[6:])
    equal(batches(net, 5), alone[6:])


def test_a_leveldb_stays_the_parents(tmp_path):
    pytest.importorskip("plyvel")
    path = database(tmp_path / "db", "leveldb")
    alone = batches(reading(path, "LEVELDB"), 8)
    net = reading(path, "LEVELDB")
    batches(net, 2)

    def refused():
        with pytest.raises(DataError, match="forked"):
            net.forward()
        with pytest.raises(DataError, match="one process at a time"):
            reading(path, "LEVELDB")
        net.close()

    forked(refused)
    equal(batches(net, 6), alone[4:])
    net.close()


def test_locks_that_another_thread_holds_are_no_trap(tmp_path):
    path = str(database(tmp_path / "db"))
    stop = threading.Event()
    logger = logging.getLogger(log.ROOT)

    def busy():
        while not stop.is_set():
            with open_db(path, "lmdb") as db:
                db.take(3)
            logger.error("busy")
            hdf5.write_net(tmp_path / f"{threading.get_ident()}.h5", [])

    logger.addHandler(quiet := logging.StreamHandler(open(os.devnull, "w")))
    shown, logger.propagate = logger.propagate, False
    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()

    def work():
        logger.error("child")
        hdf5.write_net(tmp_path / "child.h5", [])
        with open_db(path, "lmdb") as db:
            return len(db.take(100))

    try:
        assert [forked(work) for _ in range(20)] == [23] * 20
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
        logger.removeHandler(quiet)
        logger.propagate = shown
        quiet.stream.close()
