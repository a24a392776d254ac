"""Snapshots: their names, their files, and that a resumed run equals an uninterrupted one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recorded_data import make_db

from caffepy.data import datum
from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.proto import caffe_pb2, files
from caffepy.solvers import snapshot
from caffepy.solvers.solver import create_solver

from .conftest import SMALL, values

RULES = {
    "SGD": 'base_lr: 0.05 lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 4 stepvalue: 7 '
           "momentum: 0.9 ",
    "AdaDelta": 'base_lr: 1 lr_policy: "fixed" momentum: 0.95 delta: 1e-6 ',
    "Adam": 'base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 ',
}
TESTED = "test_iter: 2 test_interval: 3 average_loss: 4 iter_size: 3 "
HDF5_ROWS = """net_param { name: "rows"
  layer { name: "data" type: "HDF5Data" top: "x" top: "y"
    hdf5_data_param { source: "list.txt" batch_size: 4 shuffle: true } }
  layer { name: "drop" type: "Dropout" bottom: "x" top: "d" }
  layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip"
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" } }
"""


@pytest.fixture
def rows(folder):
    random = np.random.default_rng(2)
    for name, count in (("a", 5), ("b", 6)):
        with h5py.File(f"{name}.h5", "w") as file:
            file["x"] = random.standard_normal((count, 3))
            file["y"] = random.standard_normal((count, 2))
    Path("list.txt").write_text("a.h5\nb.h5\n")


AUGMENTED = """net_param { name: "augmented"
  layer { name: "data" type: "Data" top: "x" top: "y" data_param { source: "one" backend: LMDB
      batch_size: 4 shuffle: true weight: 2 mix { source: "two" } }
    transform_param { padding: 2 crop_size: 8 mirror: true mean_value: 100 scale: 0.01
      cutout_param { size: 3 } affine_param { max_rotate_angle: 20 } blur_param { prob: 0.5 } } }
  layer { name: "mix" type: "MixUp" bottom: "x" bottom: "y" top: "x" top: "soft"
    include { phase: TRAIN } mixup_param { num_classes: 3 alpha: 0.5 cutmix_alpha: 1 } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
    inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "soft" top: "loss"
    include { phase: TRAIN } loss_param { soft_labels: true } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss"
    include { phase: TEST } } }
"""


@pytest.fixture
def databases(folder):
    random = np.random.default_rng(2)
    for name, count in (("one", 7), ("two", 5)):
        make_db(name, [(b"%d" % i, datum.from_array(
            random.integers(0, 256, (1, 8, 8), np.uint8), i % 3).SerializeToString())
            for i in range(count)])


def everything(solver) -> list[np.ndarray]:
    """All that a next step depends on, and what is shown of it."""
    return [*values(solver), *map(np.copy, solver.updater.history_blobs()),
            np.array([solver.iter, solver.smoothed_loss, *solver.losses])]


@pytest.mark.parametrize("seed", ["", "random_seed: 11 "])
def test_pictures_changed_ordered_and_mixed_at_random_go_on(seed, make, databases):
    settings = f'{RULES["SGD"]} type: "SGD" {seed} {TESTED}'
    whole = make(settings=settings, net=AUGMENTED)
    whole.step(5)
    path = whole.snapshot()
    whole.step(7)
    resumed = make(settings=settings, net=AUGMENTED)
    resumed.step(2)
    resumed.restore(path)
    resumed.step(7)
    for a, b in zip(everything(whole), everything(resumed), strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("seed", ["", "random_seed: 11 "])
@pytest.mark.parametrize("format", ["BINARYPROTO", "HDF5"])
@pytest.mark.parametrize("kind", list(RULES))
@pytest.mark.parametrize("net", [SMALL, HDF5_ROWS], ids=["dummy", "hdf5"])
def test_resumed_run_equals_the_uninterrupted_one(net, kind, format, seed, make, lines, rows):
    settings = f'{RULES[kind]} type: "{kind}" snapshot_format: {format} {seed} {TESTED}'
    whole = make(settings=settings, net=net)
    whole.step(5)
    path = whole.snapshot()
    del lines[:]
    whole.step(7)
    tests = [line for line in lines if "Test net output" in line]
    resumed = make(settings=settings, net=net)
    resumed.step(2)  # whatever it did before
    del lines[:]
    resumed.restore(path)
    resumed.step(7)
    assert resumed.iter == 12
    for a, b in zip(everything(whole), everything(resumed), strict=True):
        assert_array_equal(a, b)
    assert [line for line in lines if "Test net output" in line] == tests
    assert len(tests) == 2


def test_snapshot_within_a_test_continues_with_the_whole_test(make, lines):
    settings = RULES["SGD"] + "random_seed: 4 test_iter: 3 test_interval: 2 "
    asked = iter([None] * 5 + [None, "snapshot"])  # 3 + 2 + one batch into the test at 2
    whole = make(settings=settings, action=lambda: next(asked, None))
    whole.step(4)
    resumed = make(settings=settings)
    resumed.restore("snap_iter_2.solverstate")
    resumed.step(2)
    for a, b in zip(everything(whole), everything(resumed), strict=True):
        assert_array_equal(a, b)
    tests = [line for line in lines if "Test net output" in line]
    assert tests[1] == tests[-1]


def test_solve_resumes(make, lines):
    first = make("max_iter: 3")
    first.solve()
    second = make("max_iter: 5")
    second.solve("snap_iter_3.solverstate")
    assert second.iter == 5
    at = lines.index("Restoring previous solver status from snap_iter_3.solverstate")
    assert lines[at - 1].startswith("Learning Rate Policy")
    assert "SGDSolver: restoring history" in lines[at:]


def test_names_and_intervals(make, folder):
    solver = make('max_iter: 5 snapshot: 2 snapshot_prefix: "out"')
    solver.solve()
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        f"out_iter_{i}.{kind}" for i in (2, 4, 5) for kind in ("caffemodel", "solverstate"))
    assert files.sniff("out_iter_2.caffemodel") == "caffemodel"
    assert files.sniff("out_iter_2.solverstate") == "solverstate"


def test_hdf5_names_and_other_readers(make, folder):
    solver = make("snapshot_format: HDF5")
    solver.step(1)
    assert solver.snapshot() == "snap_iter_1.solverstate.h5"
    with h5py.File("snap_iter_1.solverstate.h5") as file:
        assert file["iter"][()] == [1] and file["current_step"][()] == [0]
        assert file["learned_net"][()] == b"snap_iter_1.caffemodel.h5"
        assert len(file["history"]) == 4
    assert files.sniff("snap_iter_1.caffemodel.h5") == "hdf5"


def test_prefix_from_the_solver_file(folder):
    Path("deep").mkdir()
    base = SMALL + 'base_lr: 1e-3 lr_policy: "fixed" max_iter: 1 random_seed: 1 '
    for line, expected in (("", "my_solver"), ('snapshot_prefix: "deep"', "deep/my_solver")):
        Path("my_solver.prototxt").write_text(base + line)
        with create_solver("my_solver.prototxt") as solver:
            solver.solve()
        assert Path(f"{expected}_iter_1.solverstate").exists()


def test_snapshot_diff(make):
    solver = make("snapshot_diff: true")
    solver.step(1)
    solver.snapshot()
    net = caffe_pb2.NetParameter.FromString(Path("snap_iter_1.caffemodel").read_bytes())
    blob = next(layer.blobs[0] for layer in net.layer if layer.name == "ip2")
    assert_array_equal(blob.diff, solver.net.params["ip2"][0].diff.ravel())
    assert any(blob.diff)


def test_weights_are_also_found_beside_the_state(make, folder):
    first = make()
    first.step(1)
    first.snapshot()
    (folder / "moved").mkdir()
    for path in list(folder.glob("snap_*")):
        path.rename(folder / "moved" / path.name)
    second = make()
    second.restore("moved/snap_iter_1.solverstate")
    for a, b in zip(values(first), values(second), strict=True):
        assert_array_equal(a, b)
    (folder / "moved" / "snap_iter_1.caffemodel").unlink()
    with pytest.raises(NotFound, match="snap_iter_1.caffemodel.*Put them beside"):
        second.restore("moved/snap_iter_1.solverstate")


def test_another_seed_in_the_solver_file_is_honoured_and_said(make, lines):
    make().snapshot()
    other = make(settings='base_lr: 1 lr_policy: "fixed" random_seed: 8 ')
    other.restore("snap_iter_0.solverstate")
    assert other.context.seed == 8
    assert any("random_seed: 7, not 8" in line for line in lines)


def test_smaller_average_loss_after_resuming(make):
    first = make("average_loss: 4")
    first.step(4)
    path = first.snapshot()
    second = make("average_loss: 2")
    second.restore(path)
    assert second.smoothed_loss == pytest.approx(np.mean(list(first.losses)[2:]), rel=1e-6)


@pytest.mark.parametrize("format", ["BINARYPROTO", "HDF5"])
def test_what_is_no_state_is_refused_and_nothing_changes(format, make, folder):
    solver = make(f"snapshot_format: {format}")
    solver.step(2)
    state = solver.snapshot()
    weights = state.replace("solverstate", "caffemodel")
    damaged = Path(state).read_bytes()
    Path("damaged").write_bytes(damaged[: len(damaged) * 2 // 3])
    Path("text").write_text("base_lr: 1\n")
    Path("empty").write_bytes(b"")
    solver.step(1)
    before = everything(solver)
    for path, kind, words in (
        (weights, DataError, "weights"),
        ("damaged", DataError, "damaged"),
        ("text", DataError, "text"),
        ("empty", DataError, "empty"),
        ("nowhere", NotFound, "nowhere"),
    ):
        with pytest.raises(kind, match=words):
            solver.restore(path)
    for a, b in zip(before, everything(solver), strict=True):
        assert_array_equal(a, b)


def test_weights_given_as_state_say_how_to_use_them(make):
    make().snapshot()
    with pytest.raises(DataError, match="-weights"):
        snapshot.read_state("snap_iter_0.caffemodel")


def test_state_of_another_rule_or_net_is_refused(make):
    make('type: "Adam"').snapshot()
    solver = make()
    with pytest.raises(DataError, match="Incorrect length of history blobs.*found 8; allowed: 4"):
        solver.restore("snap_iter_0.solverstate")
    bigger = make('type: "Adam"', net=SMALL.replace("num_output: 5", "num_output: 6"))
    with pytest.raises(DataError, match="history blob 0 is of another shape"):
        bigger.restore("snap_iter_0.solverstate")


def test_a_snapshot_that_fails_leaves_the_old_file(make, folder, monkeypatch):
    solver = make("snapshot_format: HDF5")
    solver.snapshot()
    before = Path("snap_iter_0.solverstate.h5").read_bytes()

    def broken(*arguments, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", broken)
    with pytest.raises(CaffeError, match="No space left"):
        solver.snapshot()
    monkeypatch.undo()
    assert (folder / "snap_iter_0.solverstate.h5").read_bytes() == before
    assert sorted(p.name for p in folder.iterdir()) == [
        "snap_iter_0.caffemodel.h5", "snap_iter_0.solverstate.h5"]
