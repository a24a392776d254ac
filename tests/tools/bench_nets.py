"""Nets that the tests of bench time."""

NET = """
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        data_param { source: "nowhere" batch_size: 3 } transform_param { crop_size: 12 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "norm" type: "LRN" bottom: "conv" top: "norm" }
layer { name: "max" type: "Pooling" bottom: "norm" top: "max"
        pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "ave" type: "Pooling" bottom: "norm" top: "ave"
        pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "max" bottom: "ave" top: "sum" }
layer { name: "both" type: "Concat" bottom: "sum" bottom: "max" top: "both" }
layer { name: "drop" type: "Dropout" bottom: "both" top: "both" }
layer { name: "ip" type: "InnerProduct" bottom: "both" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
DEPLOY = """
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "a" type: "Pooling" bottom: "conv" top: "a" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "b" type: "Pooling" bottom: "conv" top: "b" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "c" type: "Concat" bottom: "a" bottom: "b" top: "c" }
layer { name: "prob" type: "Softmax" bottom: "c" top: "prob" }
"""  # noqa: E501
REGIONS = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 6 dim: 8 } } }
layer { name: "rois" type: "Input" top: "rois" input_param { shape { dim: 4 dim: 5 } } }
layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
        roi_pooling_param { pooled_h: 2 pooled_w: 2 spatial_scale: 0.5 } }
"""  # noqa: E501
