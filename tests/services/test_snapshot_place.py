"""Where snapshots go, and what lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from caffepy import log
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import set_path
from caffepy.services import snapshot_place


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solver(prefix, **settings):
    param = caffe_pb2.SolverParameter(**{"snapshot": 100, "max_iter": 250, **settings})
    set_path(param, "snapshot_prefix", prefix)
    return param


def traps(prefix, done=0, **settings):
    return list(snapshot_place.traps(solver(prefix, **settings), done))


def files(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_it_is_said_at_the_start(folder, caplog):
    with caplog.at_level("INFO", log.ROOT):
        snapshot_place.tell(solver("runs/a"))
        snapshot_place.tell(solver("b", snapshot=0))
        snapshot_place.tell(solver("c", snapshot_after_train=False))
        snapshot_place.tell(solver("d", snapshot_after_train=False, snapshot=0))
        snapshot_place.tell(solver(""))
    assert [record.getMessage() for record in caplog.records] == [
        f"Snapshots go to {folder}/runs/a_iter_<N>, every 100 iterations and at the end.",
        f"Snapshots go to {folder}/b_iter_<N>, at the end.",
        f"Snapshots go to {folder}/c_iter_<N>, every 100 iterations."]


def test_among_pictures(folder):
    files(*(f"set/{n}.JPG" for n in range(10)), *(f"few/{n}.png" for n in range(9)))
    said, = traps("set/net")
    assert f"{folder}/set, which has 10 pictures" in said
    assert not traps("few/net")
    files("flowers/rose/1.jpg", "flowers/rose/readme.txt", "flowers/rose/2.jpg",
          "flowers/daisy/1.jpg", "flowers/old/1.jpg", "flowers/old/1.csv")
    said, = traps("flowers/net")
    assert "folders of pictures (daisy, rose)" in said
    files("model/net.prototxt", "model/plots/1.png", "model/report/1.png", "model/report/1.csv")
    assert not traps("model/net")
    files("train_lmdb/data.mdb")
    said, = traps("train_lmdb/net")
    assert "a database" in said


def test_snapshots_that_will_be_overwritten():
    names = [f"net_iter_{n}.{kind}" for n in (50, 100, 200, 250) for kind in (
        "caffemodel", "solverstate.h5")]
    files(*names, "net_iter_300.solverstate", "other_iter_100.solverstate",
          "net_iter_x.solverstate")
    said, = traps("net")
    assert said.startswith("snapshots of iterations 100 to 250 (3 of them) are there")
    said, = traps("net", done=200)
    assert said.startswith("snapshots of iteration 250 are there")
    assert not traps("net", done=250)
    assert not traps("net", snapshot=0, snapshot_after_train=False)
    said, = traps("net", snapshot=0)
    assert "iteration 250" in said
    assert not traps("third")


def test_a_folder_that_is_not_there_is_anothers_business():
    assert not traps("no/folder/net")
