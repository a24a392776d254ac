"""A small SSD trained for 20 steps, recorded from SSD's fork."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import ENGINES, REFERENCE

from caffepy.proto import caffe_pb2, forkwire


@pytest.fixture
def ssd(case):
    return case("ssd_net", REFERENCE / "forks" / "solvers")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_step(engine, ssd):
    with ssd.solver(engine) as solver:
        for k in range(1, 21):
            solver.step(1)
            assert_allclose(solver.net.outputs()[0][1], ssd.arrays[f"loss{k}"], 1e-4,
                            err_msg=f"loss, step {k}")
            for (layer, index), expected in ssd.parameters(f"step{k}").items():
                scale = max(1.0, float(np.abs(expected).max()))
                assert_allclose(solver.net.params[layer][index].data, expected, 1e-4, 1e-5 * scale,
                                err_msg=f"{layer} {index}, step {k}")


def test_its_snapshot_is_read(ssd, tmp_path):
    """The fork's numbers of its messages in LayerParameter are read as what they mean there."""
    path = tmp_path / "ssd.caffemodel"
    path.write_bytes(ssd.arrays["caffemodel"].tobytes())
    with ssd.solver() as solver:
        solver.net.load(path)
        for (layer, index), expected in ssd.parameters("step20").items():
            assert_allclose(solver.net.params[layer][index].data, expected, 1e-6)
    net = caffe_pb2.NetParameter()
    net.ParseFromString(forkwire.ours(path.read_bytes(), str(path)))
    written = {layer.name: layer for layer in net.layer}
    for layer in ssd.param.net_param.layer:
        for name in ("prior_box_param", "multibox_loss_param", "permute_param", "norm_param"):
            assert getattr(written[layer.name], name) == getattr(layer, name)


def test_its_training_goes_on(ssd, tmp_path):
    (tmp_path / "snap_iter_20.caffemodel").write_bytes(ssd.arrays["caffemodel"].tobytes())
    state = caffe_pb2.SolverState.FromString(ssd.arrays["solverstate"].tobytes())
    state.learned_net = str(tmp_path / "snap_iter_20.caffemodel")
    path = tmp_path / "snap_iter_20.solverstate"
    path.write_bytes(state.SerializeToString())
    with ssd.solver() as whole, ssd.solver() as resumed:
        whole.step(20)
        resumed.restore(path)
        assert resumed.iter == 20
        for one, other in zip(resumed.updater.history_blobs(), whole.updater.history_blobs(),
                              strict=True):
            assert_allclose(one, other, 1e-3, 1e-6)
