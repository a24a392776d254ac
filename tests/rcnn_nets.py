"""Small nets of the structure of py-faster-rcnn's and R-FCN's end2end ones."""

from __future__ import annotations

PYTHON = 'type: "Python" python_param {{ module: "{}" layer: "{}" param_str: "{}" }}'
CONV = 'type: "Convolution" convolution_param {{ num_output: {} {} weight_filler {{ type: "{}" ' \
       'std: 0.01 }} }}'
DENSE = 'type: "InnerProduct" inner_product_param {{ num_output: {} weight_filler {{ type: "{}" ' \
        'std: 0.01 }} }}'
ANCHORS = "'feat_stride': 4\\n'scales': [1, 2, 4]\\n'base_size': 12"
RPN = [
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
]
FASTER = [
    *RPN,
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
POOLED = 'type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 3 }'
SCORE_MAPS = 'type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.25 output_dim: %d ' \
             'group_size: 3 }'
UNSEEN = "propagate_down: false "
RFCN = [  # with online hard example mining
    *RPN,
    ("rfcn_cls", ["conv2"], ["rfcn_cls"], CONV.format(27, "kernel_size: 1", "gaussian")),
    ("rfcn_bbox", ["conv2"], ["rfcn_bbox"], CONV.format(72, "kernel_size: 1", "gaussian")),
    ("psroi_cls", ["rfcn_cls", "rois"], ["psroi_cls"], SCORE_MAPS % 3),
    ("cls_score", ["psroi_cls"], ["cls_score"], POOLED),
    ("psroi_bbox", ["rfcn_bbox", "rois"], ["psroi_bbox"], SCORE_MAPS % 8),
    ("bbox_pred", ["psroi_bbox"], ["bbox_pred"], POOLED),
    ("per_roi_loss_cls", ["cls_score", "labels"],
     ["temp_loss_cls", "temp_prob_cls", "per_roi_loss_cls"],
     'type: "SoftmaxWithLossOHEM" loss_weight: 0 loss_weight: 0 loss_weight: 0 ' + 2 * UNSEEN),
    ("per_roi_loss_bbox", ["bbox_pred", "bbox_targets", "bbox_inside_weights"],
     ["temp_loss_bbox", "per_roi_loss_bbox"],
     'type: "SmoothL1LossOHEM" loss_weight: 0 loss_weight: 0 ' + 3 * UNSEEN),
    ("per_roi_loss", ["per_roi_loss_cls", "per_roi_loss_bbox"], ["per_roi_loss"],
     'type: "Eltwise" ' + 2 * UNSEEN),
    ("annotator_detector", ["rois", "per_roi_loss", "labels", "bbox_inside_weights"],
     ["labels_ohem", "bbox_loss_weights_ohem"],
     'type: "BoxAnnotatorOHEM" box_annotator_ohem_param { roi_per_img: 12 ignore_label: -1 } '
     + 4 * UNSEEN),
    ("silence", ["temp_loss_cls", "temp_prob_cls", "temp_loss_bbox"], [], 'type: "Silence"'),
    ("loss_cls", ["cls_score", "labels_ohem"], ["cls_loss"],
     'type: "SoftmaxWithLoss" propagate_down: true propagate_down: false loss_weight: 1 '
     'loss_param { ignore_label: -1 }'),
    ("loss_bbox", ["bbox_pred", "bbox_targets", "bbox_loss_weights_ohem"], ["bbox_loss"],
     'type: "SmoothL1LossOHEM" propagate_down: true propagate_down: false propagate_down: false '
     'loss_weight: 1 loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 12 }'),
]


def prototxt(layers: list[tuple[str, list[str], list[str], str]]) -> str:
    """The net's text."""
    rows = []
    for name, bottoms, tops, rest in layers:
        blobs = "".join(f'bottom: "{b}" ' for b in bottoms) + "".join(f'top: "{t}" ' for t in tops)
        rows.append(f'layer {{ name: "{name}" {blobs} {rest} }}')
    return 'name: "small"\n' + "\n".join(rows)
