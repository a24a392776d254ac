"""A net of py-faster-rcnn's end2end structure, small, trained on a roidb."""

import numpy as np
import pytest

import caffepy
from caffepy.errors import DataError

PYTHON = 'type: "Python" python_param {{ module: "{}" layer: "{}" param_str: "{}" }}'
CONV = 'type: "Convolution" convolution_param {{ num_output: {} {} weight_filler {{ type: "{}" ' \
       'std: 0.01 }} }}'
DENSE = 'type: "InnerProduct" inner_product_param {{ num_output: {} weight_filler {{ type: "{}" ' \
        'std: 0.01 }} }}'
ANCHORS = "'feat_stride': 4\\n'scales': [1, 2, 4]\\n'base_size': 12"
LAYERS = [
    ("input-data", [], ["data", "im_info", "gt_boxes"],
     PYTHON.format("roi_data_layer.layer", "RoIDataLayer", "'num_classes': 3")),
    ("scaled", ["data"], ["scaled"], 'type: "Power" power_param { scale: 0.02 }'),
    ("conv1", ["scaled"], ["conv1"], CONV.format(8, "kernel_size: 5 pad: 2 stride: 2", "xavier")),
    ("relu1", ["conv1"], ["conv1"], 'type: "ReLU"'),
    ("conv2", ["conv1"], ["conv2"], CONV.format(16, "kernel_size: 3 pad: 1 stride: 2", "xavier")),
    ("relu2", ["conv2"], ["conv2"], 'type: "ReLU"'),
    ("rpn_conv/3x3", ["conv2"], ["rpn/output"], CONV.format(16, "kernel_size: 3 pad: 1", "xavier")),
    ("rpn_relu/3x3", ["rpn/output"], ["rpn/output"], 'type: "ReLU"'),
    ("rpn_cls_score", ["rpn/output"], ["rpn_cls_score"],
     CONV.format(18, "kernel_size: 1", "gaussian")),
    ("rpn_bbox_pred", ["rpn/output"], ["rpn_bbox_pred"],
     CONV.format(36, "kernel_size: 1", "gaussian")),
    ("rpn_cls_score_reshape", ["rpn_cls_score"], ["rpn_cls_score_reshape"],
     'type: "Reshape" reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }'),
    ("rpn-data", ["rpn_cls_score", "gt_boxes", "im_info", "data"],
     ["rpn_labels", "rpn_bbox_targets", "rpn_bbox_inside_weights", "rpn_bbox_outside_weights"],
     PYTHON.format("rpn.anchor_target_layer", "AnchorTargetLayer", ANCHORS)),
    ("rpn_loss_cls", ["rpn_cls_score_reshape", "rpn_labels"], ["rpn_cls_loss"],
     'type: "SoftmaxWithLoss" propagate_down: 1 propagate_down: 0 loss_weight: 1 '
     'loss_param { ignore_label: -1 normalize: true }'),
    ("rpn_loss_bbox", ["rpn_bbox_pred", "rpn_bbox_targets", "rpn_bbox_inside_weights",
                       "rpn_bbox_outside_weights"], ["rpn_loss_bbox"],
     'type: "SmoothL1Loss" loss_weight: 1 smooth_l1_loss_param { sigma: 3.0 }'),
    ("rpn_cls_prob", ["rpn_cls_score_reshape"], ["rpn_cls_prob"], 'type: "Softmax"'),
    ("rpn_cls_prob_reshape", ["rpn_cls_prob"], ["rpn_cls_prob_reshape"],
     'type: "Reshape" reshape_param { shape { dim: 0 dim: 18 dim: -1 dim: 0 } }'),
    ("proposal", ["rpn_cls_prob_reshape", "rpn_bbox_pred", "im_info"], ["rpn_rois"],
     PYTHON.format("rpn.proposal_layer", "ProposalLayer", ANCHORS)),
    ("roi-data", ["rpn_rois", "gt_boxes"],
     ["rois", "labels", "bbox_targets", "bbox_inside_weights", "bbox_outside_weights"],
     PYTHON.format("rpn.proposal_target_layer", "ProposalTargetLayer", "'num_classes': 3")),
    ("roi_pool", ["conv2", "rois"], ["roi_pool"],
     'type: "ROIPooling" roi_pooling_param { pooled_w: 4 pooled_h: 4 spatial_scale: 0.25 }'),
    ("fc6", ["roi_pool"], ["fc6"], DENSE.format(32, "xavier")),
    ("relu6", ["fc6"], ["fc6"], 'type: "ReLU"'),
    ("drop6", ["fc6"], ["fc6"], 'type: "Dropout"'),
    ("cls_score", ["fc6"], ["cls_score"], DENSE.format(3, "gaussian")),
    ("bbox_pred", ["fc6"], ["bbox_pred"], DENSE.format(12, "gaussian")),
    ("loss_cls", ["cls_score", "labels"], ["cls_loss"],
     'type: "SoftmaxWithLoss" propagate_down: 1 propagate_down: 0 loss_weight: 1 '
     'loss_param { ignore_label: -1 normalize: true }'),
    ("loss_bbox", ["bbox_pred", "bbox_targets", "bbox_inside_weights", "bbox_outside_weights"],
     ["bbox_loss"], 'type: "SmoothL1Loss" loss_weight: 1'),
]
SOLVER = """
net: "{}" base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 200
random_seed: 3 snapshot_prefix: "{}" test_interval: 0
"""
LOSSES = ("rpn_cls_loss", "rpn_loss_bbox", "cls_loss", "bbox_loss")


def prototxt():
    rows = []
    for name, bottoms, tops, rest in LAYERS:
        blobs = "".join(f'bottom: "{b}" ' for b in bottoms) + "".join(f'top: "{t}" ' for t in tops)
        rows.append(f'layer {{ name: "{name}" {blobs} {rest} }}')
    return 'name: "small"\n' + "\n".join(rows)


@pytest.fixture
def solver(cfg, tmp_path):
    """Makes solvers of the net."""
    cfg.TRAIN.update(HAS_RPN=True, IMS_PER_BATCH=1, SCALES=(60,), MAX_SIZE=100, BG_THRESH_LO=0.0,
                     BBOX_NORMALIZE_TARGETS_PRECOMPUTED=True, RPN_BATCHSIZE=64, BATCH_SIZE=32,
                     RPN_MIN_SIZE=4, RPN_PRE_NMS_TOP_N=300, RPN_POST_NMS_TOP_N=60)
    (tmp_path / "train.prototxt").write_text(prototxt())
    path = tmp_path / "solver.prototxt"
    path.write_text(SOLVER.format(tmp_path / "train.prototxt", tmp_path / "small"))

    def make():
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


def test_it_learns_and_a_resumed_training_goes_on_as_it_would_have(solver, roidb, tmp_path):
    whole = solver()
    whole.net.layers[0].set_roidb(roidb)
    losses = steps(whole, 30)
    whole.snapshot()
    losses += steps(whole, 60)
    assert np.mean(losses[-12:]) < 0.5 * np.mean(losses[:12]), losses
    resumed = solver()
    resumed.net.layers[0].set_roidb(roidb)
    resumed.restore(str(tmp_path / "small_iter_30.solverstate"))
    assert steps(resumed, 60) == losses[30:]
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
