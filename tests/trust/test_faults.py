"""Faults of the machine and of people at the keyboard: what was there before them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from trust.conftest import PICTURES, write

from caffepy.data.datum import from_array
from caffepy.data.db import open_db
from caffepy.errors import CaffeError, DataError
from caffepy.solvers import keep, snapshot

FULL = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not root")


@pytest.fixture
def small_disk(folder):
    """A file system of 1 MiB, where this machine lets one be mounted."""
    place = folder / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount here")
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def everything(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.glob("*_iter_*") if path.is_file()}


@FULL
@pytest.mark.parametrize("errors", ["stop", "warn"])
def test_a_full_disk(errors, small_disk, train, folder):
    write(folder, PICTURES, "random_seed: 3")
    solver = folder / "solver.prototxt"
    solver.write_text(solver.read_text().replace('"snap"', '"disk/snap"')
                      .replace("max_iter: 90", "max_iter: 35"))
    assert train(folder, "-snapshot_keep=2").end() == 0
    good = everything(small_disk)
    assert set(good) == {f"snap_iter_{i}.{kind}" for i in (28, 35)
                         for kind in ("caffemodel", "solverstate")}
    with open(small_disk / "filler", "wb", buffering=0) as filler:
        with pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 4096)
    solver.write_text(solver.read_text().replace("max_iter: 35", "max_iter: 50"))
    run = train(folder, "-snapshot=latest", f"-snapshot_errors={errors}")
    code = run.end()
    full = [line for line in run.lines if "No space left" in line]
    said = [line for line in full if "measurements" not in line]
    assert len(full) - len(said) <= 1  # their last block may have room
    (small_disk / "filler").unlink()
    assert everything(small_disk) == good  # nothing half-written, nothing lost
    if errors == "stop":
        assert code == 1
        # the thread that reads ahead may still log something after it
        (error,) = (line for line in run.lines if "error: " in line)
        assert "error: disk/snap_iter_42.caffemodel: the file" in error
        assert "-snapshot latest goes on from the snapshot of iteration 35" in error
    else:
        assert code == 0
        assert ["no snapshot of iteration 42" in said[0], "iteration 49" in said[1],
                "iteration 50" in said[2]] == [True] * 3
    assert keep.latest("disk/snap") == "disk/snap_iter_35.solverstate"


@FULL
def test_a_full_disk_under_the_log(small_disk, train, folder, monkeypatch):
    """The training goes on; standard error has all lines."""
    monkeypatch.delenv("GLOG_logtostderr")
    write(folder, PICTURES, "random_seed: 3")
    with open(small_disk / "filler", "wb", buffering=0) as filler:
        filler.write(b"x" * ((1 << 20) - 8192))
    run = train(folder, "-log_dir=disk")
    assert run.end() == 0
    said = sum("No log file in disk" in line for line in run.lines)
    assert 1 <= said <= 2  # once for the file of INFO, and for that of WARNING, which says so too
    assert any("Optimization Done." in line for line in run.lines)


def test_a_folder_that_is_not_there(train, folder):
    write(folder, PICTURES)
    solver = folder / "solver.prototxt"
    solver.write_text(solver.read_text().replace('"snap"', '"nowhere/snap"'))
    run = train(folder)
    assert run.end() == 1 and "Cannot write to snapshot prefix 'nowhere/snap'" in run.lines[-1]
    run = train(folder, "--snapshot_errors=warn")
    assert run.end() == 0
    assert sum("Training goes on" in line for line in run.lines) > 10


def test_weights_whose_state_fails_are_taken_back(folder, monkeypatch):
    write(folder, PICTURES, "random_seed: 3")
    from caffepy.solvers.solver import create_solver

    with create_solver("solver.prototxt") as solver:
        first = solver.snapshot()

        def fail(*arguments):
            raise DataError("the file cannot be written: No space left on device")

        monkeypatch.setattr(snapshot, "write_state", fail)
        solver.step(1)
        with pytest.raises(DataError, match="goes on from the snapshot of iteration 0"):
            solver.snapshot()
    assert first == keep.latest("snap") and len(list(folder.glob("snap*"))) == 2


# -- signals ------------------------------------------------------------------------------


def test_sigint_in_a_test_goes_on_with_the_whole_test(train, folder):
    for place, often in ((folder / "whole", 4), (folder / "broken", 4000000)):
        write(place, PICTURES, "random_seed: 3 test_initialization: false")
        solver = place / "solver.prototxt"
        solver.write_text(solver.read_text().replace("test_iter: 4", f"test_iter: {often}")
                          .replace("max_iter: 90", "max_iter: 20"))
    assert train(folder / "whole").end() == 0
    run = train(folder / "broken")
    run.until("Iteration 9, Testing net")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0
    assert any("Test interrupted." in line for line in run.lines)
    assert keep.latest(str(folder / "broken" / "snap")).endswith("snap_iter_9.solverstate")
    solver.write_text((folder / "whole" / "solver.prototxt").read_text())
    assert train(folder / "broken", "-snapshot=latest").end() == 0
    for kind in ("caffemodel", "solverstate"):
        first, second = (folder / place / f"snap_iter_20.{kind}" for place in ("whole", "broken"))
        assert first.read_bytes() == second.read_bytes()


def test_sigint_in_a_snapshot_and_twice_in_a_row(train, folder):
    """A signal waits for the iteration's end, and so for the snapshot that is being written."""
    write(folder, PICTURES, "random_seed: 3")
    run = train(folder)
    run.until("Snapshotting to")
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.lines[-1]
    assert any("Optimization stopped early." in line for line in run.lines)
    latest = keep.latest("snap")
    whole = [snap.state for snap in keep.find("snap")]
    assert latest == whole[-1]
    for state in whole:
        keep.check_whole(state)


def test_impatient_sigints_leave_only_whole_files(train, folder):
    """Three of them without an iteration's end between end it on the spot; perhaps in a write."""
    write(folder, PICTURES, "random_seed: 3")
    run = train(folder, "-sighup_effect=snapshot")
    run.until("Iteration 3 ")
    for _ in range(200):
        if run.process.poll() is not None:
            break
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.0005)
    assert run.end() in (0, 130, -signal.SIGINT)
    for snap in keep.find("snap"):
        keep.check_whole(snap.state)
    assert not list(folder.glob(".*.part"))


# -- a database that changes under a reader -----------------------------------------------


def records(path: Path, value: int, count: int = 12) -> None:
    with open_db(str(path), "LMDB", "new") as db:
        for i in range(count):
            picture = np.full((1, 2, 2), value, np.uint8)
            db.put(f"{i:04d}".encode(), from_array(picture, 0).SerializeToString())


def test_a_database_that_is_replaced_is_read_to_its_own_end(folder):
    """The reader has the old files open: it sees the old records, round and round."""
    records(folder / "db", 1)
    with open_db("db", "LMDB") as reader:
        first = reader.take(5)
        os.rename("db", "old")
        records(folder / "db", 2)
        rest = reader.take(20)
        reader.seek_to_first()
        assert [*first, *rest] == reader.take(20)
    with open_db("db", "LMDB") as reader:
        assert reader.take(1) != first[:1]


def test_a_database_that_is_deleted_is_read_on(folder):
    records(folder / "db", 1)
    with open_db("db", "LMDB") as reader:
        for path in (folder / "db").iterdir():
            path.unlink()
        assert len(reader.take(20)) == 12
    with pytest.raises(CaffeError):
        open_db("db", "LMDB")
