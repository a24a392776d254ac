"""Sixteen trainings recorded from the original: every parameter after every step."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import ENGINES, REFERENCE

from caffepy.proto import caffe_pb2

CASES = sorted(path.stem for path in (REFERENCE / "solvers").glob("*.npz"))


def test_all_cases_are_here():
    assert len(CASES) == 16


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_every_step(name, engine, case):
    case = case(name)
    with case.solver(engine) as solver:
        for k in range(1, 7):
            solver.step(1)
            loss = solver.net.outputs()[0][1]  # recorded from the blob: the last of iter_size
            assert_allclose(loss, case.arrays[f"loss{k}"], 1e-4, 1e-5, err_msg=f"loss, step {k}")
            for (layer, index), expected in case.parameters(f"step{k}").items():
                assert_allclose(solver.net.params[layer][index].data, expected, 1e-4, 1e-5,
                                err_msg=f"{layer} {index}, step {k}")
        if name != "sgd_iter_size":
            assert_allclose(solver.losses[-1], case.arrays["loss6"], 1e-4)


@pytest.mark.parametrize("name", [name for name in CASES if "hdf5" not in name])
def test_snapshot_parses_to_the_recorded_messages(name, case):
    case = case(name)
    with case.solver() as solver:
        solver.step(6)
        solver.snapshot()
    for message, kind, blobs_of in (
        (caffe_pb2.NetParameter, "caffemodel", lambda net: [b for x in net.layer for b in x.blobs]),
        (caffe_pb2.SolverState, "solverstate", lambda state: state.history),
    ):
        expected = message.FromString(case.arrays[kind].tobytes())
        ours = message.FromString(Path(f"snap_iter_6.{kind}").read_bytes())
        pairs = list(zip(blobs_of(ours), blobs_of(expected), strict=True))
        assert pairs
        for blob, recorded in pairs:
            assert blob.shape == recorded.shape
            assert_allclose(blob.data, recorded.data, 1e-4, 1e-5)
            for one in (blob, recorded):
                one.Clear()
        for field in ("layer_state", "seed", "losses", "smoothed_loss"):
            if kind == "solverstate":
                assert ours.HasField(field) if field[0] == "s" else len(getattr(ours, field))
                ours.ClearField(field)
        assert ours == expected


def test_hdf5_snapshot_has_the_recorded_groups(case):
    case = case("sgd_hdf5_snapshot")
    with case.solver() as solver:
        solver.step(6)
        solver.snapshot()
    ours = [Path(f"snap_iter_6.{kind}.h5").rename(f"{kind}.ours")
            for kind in ("caffemodel", "solverstate")]
    case.write()
    for path, kind in zip(ours, ("caffemodel", "solverstate"), strict=True):
        with h5py.File(path) as a, h5py.File(f"snap_iter_6.{kind}.h5") as b:
            names: list[str] = []
            b.visit(names.append)
            for name in names:
                assert type(a[name]) is type(b[name]), name
                if isinstance(b[name], h5py.Dataset):
                    assert a[name].shape == b[name].shape, name
                    assert a[name].dtype == b[name].dtype, name
                    if b[name].dtype.kind == "S":
                        assert a[name][()] == b[name][()]
                    else:
                        assert_allclose(a[name], b[name], 1e-4, 1e-5, err_msg=name)
            extra = [name for name in a if name not in b]
            assert extra == (["caffepy"] if kind == "solverstate" else [])


@pytest.mark.parametrize("name", CASES)
def test_recorded_snapshot_loads(name, case):
    case = case(name)
    state = case.write()
    with case.solver() as ours, case.solver() as restored:
        ours.step(6)
        restored.restore(state)
        assert restored.iter == 6
        assert restored.state.current_step == ours.state.current_step
        for (layer, index), expected in case.parameters("step6").items():
            assert_allclose(restored.net.params[layer][index].data, expected, 1e-6)
        for mine, loaded in zip(ours.updater.history_blobs(), restored.updater.history_blobs(),
                                strict=True):
            assert_allclose(mine, loaded, 1e-4, 1e-5)
        # the original does not say where its reader was: bring it to where it must have been
        restored.net.layer("data").position = ours.net.layer("data").position
        if restored.param.lr_policy != "poly":  # whose rate ends with max_iter
            for solver in (ours, restored):
                solver.step(2)
            for a, b in zip(ours.net.parameters, restored.net.parameters, strict=True):
                assert_allclose(a.blob.data, b.blob.data, 1e-4, 1e-5)
                assert np.isfinite(b.blob.data).all()
