"""Words that people bring along from other frameworks, from habit or from older files.

    other_words.field("ConvolutionParameter", "filters")    # "num_output"
    other_words.type("Conv2D")                              # "Convolution"
    other_words.value("PoolMethod", "AVG")                  # "AVE"

What is found is one word, the right one, or a whole sentence. Errors alone read these tables; a
test holds them to the schema: no word that is right, no cure that is wrong. Case and underscores do
not count.
"""

from __future__ import annotations

from functools import cache

MULT = "param { lr_mult: 0 }, one block for each blob"
RELU = 'An activation is a layer of its own, after this one: type: "ReLU" with this top.'
CONV = {
    "filters": "num_output", "num_filter": "num_output", "num_filters": "num_output",
    "out_channels": "num_output", "output_channels": "num_output", "channels": "num_output",
    "units": "num_output", "noutput": "num_output", "nnum_output": "num_output",
    "in_channels": "The number of channels comes from the bottom: leave it out.",
    "ksize": "kernel_size", "kernel": "kernel_size",
    "size": "kernel_size", "filter_size": "kernel_size", "kernel_width": "kernel_w",
    "kernel_height": "kernel_h", "strides": "stride",
    "stride_x": "stride_w", "stride_y": "stride_h",
    "padding": "pad", "pads": "pad", "pad_size": "pad", "pad_x": "pad_w", "pad_y": "pad_h",
    "dilations": "dilation", "dilate": "dilation", "rate": "dilation", "dilation_rate": "dilation",
    "dilation_size": "dilation", "groups": "group", "num_group": "group", "use_bias": "bias_term",
    "bias": "bias_term", "no_bias": "Write bias_term: false.", "with_bias": "bias_term",
    "kernel_initializer": "weight_filler", "weight_init": "weight_filler",
    "bias_initializer": "bias_filler", "bias_init": "bias_filler", "filler": "weight_filler",
    "activation": RELU,
    "batch_normalize": "Write BatchNorm and Scale layers after it.",
    "weight_decay": "Write param { decay_mult } in the layer itself.",
}  # fmt: skip
POOL = {
    **{word: cure for word, cure in CONV.items()
       if cure in ("kernel_size", "kernel_h", "kernel_w", "stride", "stride_h", "stride_w", "pad",
                   "pad_h", "pad_w")},
    "pool_size": "kernel_size", "pooling_size": "kernel_size", "pool_type": "pool",
    "pool_method": "pool", "method": "pool", "type": "pool", "mode": "pool", "pooling": "pool",
    "global": "global_pooling", "global_pool": "global_pooling",
    "count_include_pad": "AVE counts the pad, as the original does: leave it out.",
    "dilation": "Pooling has no dilation.",
}  # fmt: skip
INNER = {
    **{word: cure for word, cure in CONV.items()
       if cure in ("num_output", "bias_term", "weight_filler", "bias_filler", RELU)},
    "out_features": "num_output", "output_size": "num_output", "nodes": "num_output",
    "relu": RELU, "num_hidden": "num_output", "output": "num_output", "num_units": "num_output",
    "num_outputs": "num_output", "dropout": 'Dropout is a layer of its own: type: "Dropout".',
}  # fmt: skip
DATA = {
    "batch": "batch_size", "db": "backend", "db_type": "backend", "type": "backend",
    "data_source": "source", "path": "source", "file": "source", "db_path": "source",
    "mean": "Write transform_param { mean_file } or { mean_value } in the layer.",
    "mean_binaryproto": "Write transform_param { mean_file } in the layer.",
}  # fmt: skip
IMAGES = {
    **{word: cure for word, cure in DATA.items() if cure in ("batch_size", "source")},
    "height": "new_height", "width": "new_width", "resize_height": "new_height",
    "resize_width": "new_width", "root": "root_folder", "folder": "root_folder",
    "root_dir": "root_folder", "color": "is_color",
    "gray": "Write is_color: false.", "is_gray": "Write is_color: false.",
}  # fmt: skip

FIELDS: dict[str, dict[str, str]] = {
    "LayerParameter": {
        "blobs_lr": "It is of the old format. Write param { lr_mult: {v|1} }, one block for each "
                    "blob.",
        "weight_decay": "It is of the old format. Write param { decay_mult: {v|1} }, one block for "
                        "each blob, beside lr_mult.",
        "learning_rate": "Write param { lr_mult: ... }: it multiplies the solver's base_lr.",
        "lr": "Write param { lr_mult: ... }: it multiplies the solver's base_lr.",
        "trainable": f"A layer that does not learn has {MULT}.",
        "freeze": f"A layer that does not learn has {MULT}.",
        "frozen": f"A layer that does not learn has {MULT}.",
        "stopbackward": "Write propagate_down: false, once for each bottom.",
        "param_name": "Write param { name: ... }.", "share": "Write param { name: ... } in both.",
        "input": "bottom", "inputs": "bottom", "in": "bottom", "source_blob": "bottom",
        "output": "top", "outputs": "top", "out": "top", "bottoms": "bottom", "tops": "top",
        "blob": "top", "layer_type": "type", "layer_name": "name", "kind": "type",
        "weight": "loss_weight", "loss_weights": "loss_weight",
        "activation": RELU, "relu": RELU,
        "bnorm_param": "batch_norm_param",
        "conv_param": "convolution_param", "deconv_param": "convolution_param",
        "deconvolution_param": "convolution_param", "im2col_param": "convolution_param",
        "ip_param": "inner_product_param", "fc_param": "inner_product_param",
        "dense_param": "inner_product_param",
        "fully_connected_param": "inner_product_param", "linear_param": "inner_product_param",
        "pool_param": "pooling_param", "drop_param": "dropout_param",
        "leaky_relu_param": "relu_param", "image_param": "image_data_param",
        "transformation_param": "transform_param", "hdf5_param": "hdf5_data_param",
        "lmdb_param": "data_param", "add_param": "eltwise_param", "input_shape":
            "Write input_param { shape { dim: ... } }.",
    },
    "V1LayerParameter": {
        "convolution_params": "convolution_param", "conv_param": "convolution_param",
        "ip_param": "inner_product_param", "fc_param": "inner_product_param",
        "pool_param": "pooling_param",
        "lr_mult": "In the old format of \"layers\" it is blobs_lr: {v|1}, one for each blob.",
        "decay_mult": "In the old format of \"layers\" it is weight_decay: {v|1}, one for each "
                      "blob.",
    },
    "ConvolutionParameter": CONV,
    "PoolingParameter": POOL,
    "InnerProductParameter": INNER,
    "EmbedParameter": {**INNER, "num_embeddings": "input_dim", "vocab_size": "input_dim"},
    "RecurrentParameter": {"units": "num_output", "num_units": "num_output",
                           "hidden_size": "num_output", "hidden_units": "num_output",
                           "clipping_threshold": "It has none; clip_gradients is the solver's."},
    "DropoutParameter": {
        "p": "dropout_ratio", "rate": "dropout_ratio", "ratio": "dropout_ratio",
        "prob": "dropout_ratio", "probability": "dropout_ratio", "dropout": "dropout_ratio",
        "dropout_rate": "dropout_ratio", "drop_ratio": "dropout_ratio",
        "keep_prob": "dropout_ratio is what is dropped: 1 - keep_prob.",
    },
    "BatchNormParameter": {
        "epsilon": "eps", "momentum": "moving_average_fraction", "decay": "moving_average_fraction",
        "moving_average": "moving_average_fraction", "use_global_status": "use_global_stats",
        "global_stats": "use_global_stats", "frozen": "use_global_stats",
        "gamma": "Write a Scale layer after it, with scale_param { bias_term: true }.",
        "beta": "Write a Scale layer after it, with scale_param { bias_term: true }.",
        "affine": "Write a Scale layer after it, with scale_param { bias_term: true }.",
        "scale": "Write a Scale layer after it, with scale_param { bias_term: true }.",
        "slope_filler": "Write a Scale layer after it, with scale_param { bias_term: true }.",
        "shift_filler": "Write a Scale layer after it, with scale_param { bias_term: true }.",
    },
    "ScaleParameter": {"bias": "bias_term", "use_bias": "bias_term", "scale_filler": "filler",
                       "weight_filler": "filler", "has_bias": "bias_term"},
    "BiasParameter": {"bias_filler": "filler", "weight_filler": "filler"},
    "EltwiseParameter": {"op": "operation", "type": "operation", "mode": "operation",
                         "coefficient": "coeff", "coeffs": "coeff", "weight": "coeff"},
    "ReductionParameter": {"op": "operation", "type": "operation", "mode": "operation"},
    "ConcatParameter": {"dim": "axis", "concat_axis": "axis"},
    "SliceParameter": {"dim": "axis", "slice_axis": "axis", "split": "slice_point",
                       "slice_points": "slice_point", "point": "slice_point"},
    "SoftmaxParameter": {"dim": "axis"},
    "FlattenParameter": {"start_axis": "axis", "start_dim": "axis", "end_dim": "end_axis"},
    "ReshapeParameter": {"dim": "Write shape { dim: ... }.", "dims": "Write shape { dim: ... }."},
    "InputParameter": {"dim": "Write shape { dim: ... }.", "dims": "Write shape { dim: ... }.",
                       "input_shape": "shape", "input_dim": "Write shape { dim: ... }."},
    "BlobShape": {"dims": "dim", "size": "dim", "shape": "dim"},
    "ReLUParameter": {"alpha": "negative_slope", "slope": "negative_slope",
                      "leak": "negative_slope", "leaky": "negative_slope"},
    "LRNParameter": {"size": "local_size", "n": "local_size", "bias": "k", "region": "norm_region",
                     "depth_radius": "local_size counts both sides: 2 * depth_radius + 1.",
                     "local_region": "norm_region"},
    "LossParameter": {"ignore": "ignore_label", "ignore_index": "ignore_label",
                      "ignore_labels": "ignore_label", "reduction": "normalization"},
    "AccuracyParameter": {"k": "top_k"},
    "FillerParameter": {"stddev": "std", "sigma": "std", "variance": "std is its square root.",
                        "val": "value", "constant": "value", "mu": "mean", "filler": "type",
                        "low": "min", "high": "max", "name": "type"},
    "ParamSpec": {"lr": "lr_mult", "learning_rate": "lr_mult", "blobs_lr": "lr_mult",
                  "weight_decay": "decay_mult", "lr_rate": "lr_mult", "decay": "decay_mult",
                  "lr_multiplier": "lr_mult", "wd_mult": "decay_mult", "mult": "lr_mult"},
    "NetStateRule": {"state": "phase", "level": "Write min_level or max_level.",
                     "stages": "stage"},
    "DataParameter": DATA, "ImageDataParameter": IMAGES,
    "HDF5DataParameter": {word: cure for word, cure in DATA.items()
                          if cure in ("batch_size", "source")},
    "WindowDataParameter": {word: cure for word, cure in IMAGES.items()
                            if cure in ("batch_size", "source", "root_folder")},
    "MemoryDataParameter": {"batch": "batch_size", "channel": "channels", "new_height": "height",
                            "new_width": "width"},
    "TransformationParameter": {
        "mean": "mean_value", "mean_values": "mean_value", "crop": "crop_size", "flip": "mirror",
        "mirroring": "mirror", "horizontal_flip": "mirror", "random_flip": "mirror",
        "mean_binaryproto": "mean_file", "scale_factor": "scale", "input_scale": "scale",
        "std": "Write scale: 1 / std, one number for all channels.",
        "gray": "force_gray", "color": "force_color", "is_color": "force_color",
        "new_height": "ImageData has it, in image_data_param; a database has one size.",
        "new_width": "ImageData has it, in image_data_param; a database has one size.",
    },
    "PythonParameter": {"param": "param_str", "params": "param_str", "class": "layer",
                        "param_string": "param_str", "file": "module", "name": "layer"},
    "SolverParameter": {
        "lr": "base_lr", "learning_rate": "base_lr", "init_lr": "base_lr", "initial_lr": "base_lr",
        "epochs": "Write max_iter: epochs x records / batch_size.",
        "epoch": "Write max_iter: epochs x records / batch_size.",
        "num_epochs": "Write max_iter: epochs x records / batch_size.",
        "batch_size": "It belongs to the net's data layer; iter_size adds up batches.",
        "iterations": "max_iter", "num_iter": "max_iter", "iters": "max_iter",
        "train_iter": "max_iter",
        "momentum1": "momentum", "beta1": "momentum", "beta2": "momentum2", "mu": "momentum",
        "beta_1": "momentum", "beta_2": "momentum2", "epsilon": "delta", "eps": "delta",
        "optimizer": "type", "solver": "type", "solver_name": "type", "method": "type",
        "lr_step": "stepsize", "step": "stepsize", "lr_steps": "stepvalue", "steps": "stepvalue",
        "milestones": "stepvalue", "step_values": "stepvalue", "decay_steps": "stepsize",
        "lr_decay": "gamma", "decay_rate": "gamma", "lr_gamma": "gamma", "factor": "gamma",
        "policy": "lr_policy", "schedule": "lr_policy", "scheduler": "lr_policy",
        "decay": "weight_decay", "l2": "weight_decay", "wd": "weight_decay", "lr_mode": "lr_policy",
        "regularization": "regularization_type", "reg_type": "regularization_type",
        "gpu": "device_id", "gpu_id": "device_id", "device": "device_id", "mode": "solver_mode",
        "seed": "random_seed", "rand_seed": "random_seed", "clip_norm": "clip_gradients",
        "grad_clip": "clip_gradients", "gradient_clip": "clip_gradients",
        "clip_gradient": "clip_gradients", "clip": "clip_gradients",
        "accumulate": "iter_size", "accum_batches": "iter_size", "subdivisions": "iter_size",
        "log_interval": "display", "print_interval": "display", "display_interval": "display",
        "display_iter": "display", "snapshot_interval": "snapshot", "save_interval": "snapshot",
        "snapshot_iter": "snapshot", "snapshot_iters": "snapshot",
        "snapshot_path": "snapshot_prefix",
        "snapshot_dir": "snapshot_prefix", "prefix": "snapshot_prefix",
        "model_prefix": "snapshot_prefix", "output": "snapshot_prefix",
        "test_iters": "test_iter", "test_batches": "test_iter", "val_iter": "test_iter",
        "val_interval": "test_interval", "eval_interval": "test_interval",
        "test_epoch": "test_interval", "test_freq": "test_interval",
        "model": "net", "network": "net", "net_file": "net", "train_val": "net",
        "train": "train_net",
        "val_net": "test_net", "test": "test_net", "rho": "rms_decay",
        "pretrained": "weights", "pretrained_model": "weights", "init_weights": "weights",
        "finetune": "weights", "resume": "Write caffepy train -snapshot FILE.solverstate.",
        "nesterov": 'Write type: "Nesterov".', "adam": 'Write type: "Adam".',
        "phase": "A solver has none: it trains, and tests where there is test_iter.",
    },
}  # fmt: skip

SCALED = 'Write type: "BatchNorm", and after it type: "Scale" with scale_param { bias_term: true }.'
POOLED = 'Write type: "Pooling" with pooling_param {{ pool: {} }}.'
COMBINED = 'Write type: "Eltwise" with eltwise_param {{ operation: {} }}.'

# what to write for the types of that name
TYPES = {
    "Convolution": "Conv Conv1D Conv2D Conv3D Convolution2D Convolutional CudnnConvolution",
    "Deconvolution": "Deconv ConvTranspose ConvTranspose2d Conv2DTranspose TransposedConvolution "
                     "Deconvolution2D ConvolutionTranspose UpConvolution",
    "InnerProduct": "FC Dense Linear FullyConnected FullConnected FullConnect Gemm MatMul "
                    "Connected IP InnerProd",
    POOLED.format("MAX"): "Pool MaxPool MaxPool2d MaxPooling MaxPooling2D",
    POOLED.format("AVE"): "AvgPool AveragePool AvgPool2d AveragePooling AveragePooling2D AvePool "
                          "AvgPooling AvePooling",
    POOLED.format("AVE global_pooling: true"):
        "GlobalAveragePool GlobalAveragePooling GlobalAveragePooling2D GlobalPooling "
        "AdaptiveAvgPool2d GlobalAvgPool",
    SCALED: "BatchNormalization BatchNorm2d BatchNorm1d SpatialBN CudnnBatchNorm FusedBatchNorm",
    'Write type: "ReLU" with relu_param { negative_slope: 0.01 }.': "LeakyReLU LReLU Leaky",
    'Write the activation as type: "ReLU", "Sigmoid", "TanH"...': "Activation",
    "TanH": "HyperbolicTangent", "Sigmoid": "Logistic", "BNLL": "Softplus", "Swish": "SiLU",
    "AbsVal": "Abs", "Power": "Pow",
    'Write type: "Power" with power_param { power: 2 }.': "Square",
    "Eltwise": "Sum ElementwiseAdd EltwiseSum ElementWise Shortcut Addition",
    COMBINED.format("PROD"): "Multiply Product Prod",
    COMBINED.format("MAX"): "Maximum ElementwiseMax",
    "Concat": "Concatenate DepthConcat Cat Merge Route",
    "Reshape": "View Unsqueeze", "Slice": "Unbind Chunk", "Split": "Identity",
    "LRN": "LocalResponseNorm LocalResponseNormalization ResponseNormalization",
    "Dropout": "Drop Dropout2d", "Embed": "Embedding", "Clip": "Clamp",
    "Softmax": "SoftmaxActivation",
    'Write type: "Softmax", and after it type: "Log".': "LogSoftmax",
    "SoftmaxWithLoss": "SoftmaxLoss SoftmaxOutput CrossEntropyLoss CrossEntropy "
                       "SoftmaxCrossEntropy SoftmaxCrossEntropyLoss",
    "SigmoidCrossEntropyLoss": "SigmoidLoss BCEWithLogitsLoss SigmoidCrossEntropy BCELoss "
                               "SigmoidCrossEntropyWithLogits BinaryCrossEntropyLoss",
    "EuclideanLoss": "MSELoss MSE L2Loss MeanSquaredError SquaredL2Distance Euclidean",
    "MultinomialLogisticLoss": "NLLLoss", "HingeLoss": "Hinge", "ContrastiveLoss": "Contrastive",
    "MVN": "MeanVarianceNormalization InstanceNorm InstanceNormalization",
    "Data": "LMDB LMDBData LevelDBData Database", "ImageData": "Images", "HDF5Data": "HDF5",
    "Input": "Placeholder", "SPP": "SpatialPyramidPooling", "RNN": "SimpleRNN",
}  # fmt: skip

VALUES = {
    "PoolMethod": {"AVG": "AVE", "AVERAGE": "AVE", "MEAN": "AVE", "MAXIMUM": "MAX"},
    "EltwiseOp": {"ADD": "SUM", "PLUS": "SUM", "MUL": "PROD", "MULT": "PROD", "MULTIPLY": "PROD",
                  "PRODUCT": "PROD", "MAXIMUM": "MAX"},
    "ReductionOp": {"AVE": "MEAN", "AVG": "MEAN", "L1": "ASUM", "ADD": "SUM"},
    "Phase": {"VAL": "TEST", "VALID": "TEST", "VALIDATION": "TEST", "DEPLOY": "TEST",
              "TRAINING": "TRAIN", "TESTING": "TEST", "INFERENCE": "TEST"},
    "DB": {"HDF5": 'HDF5 files are read by type: "HDF5Data".', "DB": "LMDB"},
    "SolverMode": {"CUDA": "GPU", "ONEDNN": "CPU"},
    "NormRegion": {"ACROSS_CHANNEL": "ACROSS_CHANNELS", "WITHIN_CHANNELS": "WITHIN_CHANNEL",
                    "ACROSS": "ACROSS_CHANNELS", "WITHIN": "WITHIN_CHANNEL"},
    "NormalizationMode": {"BATCH": "BATCH_SIZE", "MEAN": "VALID", "SUM": "NONE"},
    "RoundMode": {"ROUND_UP": "CEIL", "ROUND_DOWN": "FLOOR", "UP": "CEIL", "DOWN": "FLOOR"},
    "SnapshotFormat": {"CAFFEMODEL": "BINARYPROTO", "BINARY": "BINARYPROTO", "H5": "HDF5"},
    "VarianceNorm": {"FANIN": "FAN_IN", "FANOUT": "FAN_OUT", "AVG": "AVERAGE"},
    "SolverType": {"MOMENTUM": "SGD"},
    "filler": {"normal": "gaussian", "gauss": "gaussian", "random_normal": "gaussian",
               "truncated_normal": "gaussian", "random_uniform": "uniform", "random": "uniform",
               "he": "msra", "he_normal": "msra", "kaiming": "msra", "kaiming_normal": "msra",
               "glorot": "xavier", "glorot_uniform": "xavier", "zeros": "constant",
               "zero": "constant", "ones": 'Write type: "constant" value: 1.', "const": "constant",
               "identity": "Weights of that kind are set from Python: net.params[...][0].data."},
}  # fmt: skip


def plain(word: str) -> str:
    """The word without what does not count: case, underscores, hyphens, spaces."""
    return "".join(char for char in word.lower() if char not in "_- ")


@cache
def _cures(table: str, name: str) -> dict[str, str]:
    words = (FIELDS if table == "fields" else VALUES).get(name, {})
    return {plain(word): cure for word, cure in words.items()}


@cache
def _types() -> dict[str, str]:
    return {plain(word): cure for cure, words in TYPES.items() for word in words.split()}


def field(message: str, word: str) -> str | None:
    """What to write in that message for the word."""
    return _cures("fields", message).get(plain(word))


def type(word: str) -> str | None:
    """What to write for a layer type of that name."""
    return _types().get(plain(word))


def value(enum: str, word: str) -> str | None:
    """What to write for that value of an enum, or for that type of a "filler"."""
    return _cures("values", enum).get(plain(word))
