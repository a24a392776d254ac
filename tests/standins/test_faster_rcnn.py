"""Nets of py-faster-rcnn's and R-FCN's end2end structure, small, trained on a roidb."""

import numpy as np
import pytest
from rcnn_nets import FASTER, RFCN, prototxt

import caffepy
from caffepy.errors import DataError

SOLVER = """
net: "{}" base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 200
random_seed: 3 snapshot_prefix: "{}" test_interval: 0
"""
LOSSES = ("rpn_cls_loss", "rpn_loss_bbox", "cls_loss", "bbox_loss")


@pytest.fixture
def solver(cfg, tmp_path):
    """Makes solvers of the net."""
    cfg.TRAIN.update(HAS_RPN=True, IMS_PER_BATCH=1, SCALES=(60,), MAX_SIZE=100, BG_THRESH_LO=0.0,
                     BBOX_NORMALIZE_TARGETS_PRECOMPUTED=True, RPN_BATCHSIZE=64, BATCH_SIZE=32,
                     RPN_MIN_SIZE=4, RPN_PRE_NMS_TOP_N=300, RPN_POST_NMS_TOP_N=60)
    path = tmp_path / "solver.prototxt"
    path.write_text(SOLVER.format(tmp_path / "train.prototxt", tmp_path / "small"))

    def make(layers=FASTER):
        (tmp_path / "train.prototxt").write_text(prototxt(layers))
        return caffepy.SGDSolver(str(path))
    return make


def steps(solver, count):
    """The sum of all losses in each step."""
    found = []
    for _ in range(count):
        solver.step(1)
        found.append(sum(float(solver.net.blobs[name].data) for name in LOSSES))
    return found


def parameters(solver):
    return np.concatenate([blob.data.ravel() for layer in solver.net.params.values()
                           for blob in layer])


@pytest.mark.parametrize("layers, agnostic", [(FASTER, False), (RFCN, True)],
                         ids=["faster", "rfcn"])
def test_it_learns_and_a_resumed_training_goes_on_as_it_would_have(
        solver, roidb, tmp_path, cfg, layers, agnostic):
    cfg.TRAIN.AGNOSTIC = agnostic
    if agnostic:
        cfg.TRAIN.BATCH_SIZE = -1
        layers = [(*rest, text.replace("'num_classes': 3", "'num_classes': 2") if
                   "proposal_target" in text else text) for *rest, text in layers]
    whole = solver(layers)
    whole.net.layers[0].set_roidb(roidb)
    losses = steps(whole, 50)
    whole.snapshot()
    losses += steps(whole, 25)
    assert np.mean(losses[-12:]) < 0.6 * np.mean(losses[:12]), losses
    resumed = solver(layers)
    resumed.net.layers[0].set_roidb(roidb)
    resumed.restore(str(tmp_path / "small_iter_50.solverstate"))
    assert steps(resumed, 25) == losses[50:]
    assert (parameters(resumed) == parameters(whole)).all()


def test_no_gradient_comes_back_from_rois(solver, roidb):
    """What learns where objects are is the loss of the proposals alone, whatever the gradients of
    rois held before."""
    net = solver().net
    net.layers[0].set_roidb(roidb)
    net.forward()
    found = []
    for before in (0, 7):
        net.clear_param_diffs()
        for blob in net.blobs.values():
            blob.diff[...] = before
        for name in LOSSES:
            net.blobs[name].diff[...] = 1
        net.backward()
        found.append(net.params["rpn_bbox_pred"][0].diff.copy())
    assert found[0].any() and (found[0] == found[1]).all()
    given = [name for name in net.blobs if name.startswith("rpn_bbox_pred_") and "split_1" in name]
    assert len(given) == 1 and not net.blobs[given[0]].diff.any()


def test_without_pictures(solver):
    with pytest.raises(DataError, match=r"layer 'input-data' \(Python\).*no pictures.*set_roidb"):
        solver().step(1)
