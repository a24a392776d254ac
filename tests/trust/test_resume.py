"""A training that is killed and gone on with equals, byte for byte, one that nobody touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from trust.conftest import PICTURES, ROWS, write

from caffepy.errors import NotFound
from caffepy.solvers import keep


def files(folder: Path, ending: str = "") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(f"snap_iter_90.*{ending}")}


@pytest.mark.parametrize("data, more", [
    (PICTURES, "random_seed: 3"),
    (ROWS, 'snapshot_format: HDF5 type: "Adam" random_seed: 4'),
], ids=["pictures", "rows-hdf5-adam"])
def test_killed_at_any_moment(data, more, train, folder):
    whole, broken = folder / "whole", folder / "broken"
    for place in (whole, broken):
        write(place, data, more)
    assert train(whole).end() == 0
    run = train(broken)
    for moment in ("Iteration 9,",                     # just when a test begins
                   "Snapshotting to",                  # as the next snapshot is being written
                   "Iteration 40 ", "Iteration 62,"):  # among steps, with batches read ahead
        run.until("Starting Optimization")
        run.until(moment)
        if "Snapshotting" in moment:
            run.until(moment)  # the second one: the first is what it goes on from
        run.kill()
        run = train(broken, "-snapshot=latest")
    assert run.end() == 0, run.lines[-1]
    assert any("Resuming from snap_iter_" in line for line in run.lines)
    assert len(files(whole)) == 2
    assert files(broken) == files(whole)


def test_a_drawn_seed_is_gone_on_with(train, folder):
    """Without random_seed: two resumptions of one snapshot give the same bytes."""
    first, second = folder / "first", folder / "second"
    write(first, PICTURES)
    run = train(first)
    run.until("Snapshotting solver state to")
    run.until("Iteration 8 ")
    run.kill()
    write(second, PICTURES)
    for path in first.glob("snap_*"):
        (second / path.name).write_bytes(path.read_bytes())
    assert train(first, "-snapshot=latest").end() == 0
    assert train(second, "-snapshot=snap_iter_7.solverstate").end() == 0
    assert files(first) == files(second) and files(first)


def test_the_latest_is_the_newest_whole_one(train, folder, caplog):
    write(folder, PICTURES, "random_seed: 3")
    run = train(folder, "-snapshot_keep=3")
    run.end()
    assert sorted(p.name for p in folder.glob("snap_*")) == [
        f"snap_iter_{i}.{kind}" for i in (77, 84, 90) for kind in ("caffemodel", "solverstate")]
    assert keep.latest("snap") == "snap_iter_90.solverstate"
    model, state = Path("snap_iter_90.caffemodel"), Path("snap_iter_84.solverstate")
    model.write_bytes(model.read_bytes()[:-40])
    assert keep.latest("snap") == "snap_iter_84.solverstate"
    model.unlink()
    assert keep.latest("snap") == "snap_iter_84.solverstate"
    state.write_bytes(state.read_bytes()[:300])
    assert keep.latest("snap") == "snap_iter_77.solverstate"
    state.write_bytes(b"")
    Path("snap_iter_77.caffemodel").write_text("text")
    with pytest.raises(NotFound, match="no whole snapshot snap_iter_.*Leave out -snapshot"):
        keep.latest("snap")
    with pytest.raises(NotFound, match="there is no snapshot other_iter_"):
        keep.latest("other")


def test_latest_on_the_command_line_without_any(train, folder):
    write(folder)
    run = train(folder, "-snapshot=latest")
    assert run.end() == 1
    assert "error: there is no snapshot snap_iter_*.solverstate. Leave out" in run.lines[-1]


def test_the_one_gone_on_from_stays_until_a_newer_is_whole(train, folder):
    write(folder, PICTURES, "random_seed: 3 snapshot_keep: 1")
    run = train(folder)
    run.until("Iteration 16 ")
    run.kill()
    (state,) = folder.glob("*.solverstate")
    assert state.name == "snap_iter_14.solverstate"
    run = train(folder, "-snapshot=latest")
    run.until("Iteration 20 ")
    assert state.exists()
    assert run.end() == 0
    assert sorted(p.name for p in folder.glob("snap_*")) == [
        "snap_iter_90.caffemodel", "snap_iter_90.solverstate"]


def test_snapshots_of_another_run_stay(folder):
    """Of later iterations, of other prefixes, and weights without a state."""
    for name in ("snap_iter_5", "snap_iter_10", "snap_iter_15", "snap_iter_90", "snap2_iter_1"):
        for kind in ("caffemodel", "solverstate"):
            Path(f"{name}.{kind}").write_text("")
    Path("snap_iter_3.caffemodel").write_text("")
    before = set(folder.iterdir())
    param = type("Param", (), {"snapshot_keep": 2, "snapshot_prefix": "snap"})
    keep.prune(param, "snap_iter_15.solverstate")
    gone = before - set(folder.iterdir())
    assert {p.name for p in gone} == {"snap_iter_5.caffemodel", "snap_iter_5.solverstate"}
