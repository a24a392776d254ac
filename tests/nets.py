"""Published architectures as prototxt text, for tests that need a whole real net."""

INCEPTIONS = {  # name: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip


def data(batch: int, size: int, classes: int) -> list[str]:
    """Random pictures N x 3 x size x size and labels below ``classes``."""
    return [
        'name: "net" layer { name: "data" type: "DummyData" top: "data" top: "label" '
        f"dummy_data_param {{ shape {{ dim: {batch} dim: 3 dim: {size} dim: {size} }} "
        f"shape {{ dim: {batch} }} "
        'data_filler { type: "gaussian" std: 50 } data_filler { value: 1 } } }'
    ]


def conv(name: str, bottom: str, size: int, kernel: int, pad: int = 0, stride: int = 1,
         bias: bool = True) -> str:
    return (
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" '
        f"convolution_param {{ num_output: {size} kernel_size: {kernel} pad: {pad} "
        f"stride: {stride} bias_term: {str(bias).lower()} "
        'weight_filler { type: "xavier" } } }'
    )


def relu(blob: str) -> str:
    return f'layer {{ name: "{blob}/relu" type: "ReLU" bottom: "{blob}" top: "{blob}" }}'


def conv_relu(name: str, bottom: str, size: int, kernel: int, pad: int = 0,
              stride: int = 1) -> list[str]:
    return [conv(name, bottom, size, kernel, pad, stride), relu(name)]


def pool(name: str, bottom: str, kernel: int, stride: int, pad: int = 0,
         method: str = "MAX") -> str:
    return (
        f'layer {{ name: "{name}" type: "Pooling" bottom: "{bottom}" top: "{name}" pooling_param '
        f"{{ pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad} }} }}"
    )


def lrn(name: str, bottom: str) -> str:
    return (
        f'layer {{ name: "{name}" type: "LRN" bottom: "{bottom}" top: "{name}" '
        "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }"
    )


def inner_product(name: str, bottom: str, size: int) -> str:
    return (
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}" '
        f'inner_product_param {{ num_output: {size} weight_filler {{ type: "xavier" }} }} }}'
    )


def loss(name: str, bottom: str, weight: float = 1) -> str:
    return (
        f'layer {{ name: "{name}" type: "SoftmaxWithLoss" bottom: "{bottom}" bottom: "label" '
        f'top: "{name}" loss_weight: {weight} }}'
    )


def dropout(blob: str, ratio: float) -> str:
    return (
        f'layer {{ name: "{blob}/drop" type: "Dropout" bottom: "{blob}" top: "{blob}" '
        f"dropout_param {{ dropout_ratio: {ratio} }} }}"
    )


def inception(name: str, bottom: str) -> list[str]:
    """Four branches side by side; the output blob has the module's name."""
    one, three_reduce, three, five_reduce, five, project = INCEPTIONS[name]
    path = f"inception_{name}"
    branches = [f"{path}/1x1", f"{path}/3x3", f"{path}/5x5", f"{path}/pool_proj"]
    return [
        *conv_relu(branches[0], bottom, one, 1),
        *conv_relu(f"{path}/3x3_reduce", bottom, three_reduce, 1),
        *conv_relu(branches[1], f"{path}/3x3_reduce", three, 3, 1),
        *conv_relu(f"{path}/5x5_reduce", bottom, five_reduce, 1),
        *conv_relu(branches[2], f"{path}/5x5_reduce", five, 5, 2),
        pool(f"{path}/pool", bottom, 3, 1, 1),
        *conv_relu(branches[3], f"{path}/pool", project, 1),
        f'layer {{ name: "{path}" type: "Concat" '
        + " ".join(f'bottom: "{branch}"' for branch in branches) + f' top: "{path}" }}',
    ]


def classifier(name: str, bottom: str, classes: int) -> list[str]:
    """One of the two auxiliary losses."""
    return [
        pool(f"{name}/ave_pool", bottom, 5, 3, method="AVE"),
        *conv_relu(f"{name}/conv", f"{name}/ave_pool", 128, 1),
        inner_product(f"{name}/fc", f"{name}/conv", 1024),
        relu(f"{name}/fc"), dropout(f"{name}/fc", 0.7),
        inner_product(f"{name}/classifier", f"{name}/fc", classes),
        loss(f"{name}/loss", f"{name}/classifier", 0.3),
    ]


def googlenet(batch: int = 1, classes: int = 1000) -> str:
    """Szegedy et al. 2014, "Going Deeper with Convolutions", with its auxiliary losses."""
    lines = [
        *data(batch, 224, classes),
        *conv_relu("conv1", "data", 64, 7, 3, 2), pool("pool1", "conv1", 3, 2),
        lrn("norm1", "pool1"),
        *conv_relu("conv2_reduce", "norm1", 64, 1), *conv_relu("conv2", "conv2_reduce", 192, 3, 1),
        lrn("norm2", "conv2"), pool("pool2", "norm2", 3, 2),
    ]
    blob = "pool2"
    for name in INCEPTIONS:
        lines += inception(name, blob)
        blob = f"inception_{name}"
        if name in ("4a", "4d"):
            lines += classifier(f"loss_{name}", blob, classes)
        if name in ("3b", "4e"):
            lines.append(pool(f"pool_{name}", blob, 3, 2))
            blob = f"pool_{name}"
    return "\n".join([
        *lines, pool("pool5", blob, 7, 1, method="AVE"), dropout("pool5", 0.4),
        inner_product("loss3/classifier", "pool5", classes), loss("loss3", "loss3/classifier"),
    ])


def norm_scale(blob: str, with_relu: bool = True) -> list[str]:
    """BatchNorm, Scale and ReLU, all in place."""
    lines = [
        f'layer {{ name: "{blob}/bn" type: "BatchNorm" bottom: "{blob}" top: "{blob}" }}',
        f'layer {{ name: "{blob}/scale" type: "Scale" bottom: "{blob}" top: "{blob}" '
        "scale_param { bias_term: true } }",
    ]
    return [*lines, relu(blob)] if with_relu else lines


def resnet50(batch: int = 1, size: int = 224, classes: int = 1000) -> str:
    """He et al. 2015, "Deep Residual Learning for Image Recognition", 50 layers."""
    lines = [
        *data(batch, size, classes), conv("conv1", "data", 64, 7, 3, 2, bias=False),
        *norm_scale("conv1"), pool("pool1", "conv1", 3, 2),
    ]
    blob = "pool1"
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=2):
        for block in range(blocks):
            name = f"res{stage}{chr(ord('a') + block)}"
            stride = 2 if stage > 2 and block == 0 else 1
            shortcut = blob
            if block == 0:
                shortcut = f"{name}_1"
                lines += [conv(shortcut, blob, 4 * width, 1, 0, stride, bias=False),
                          *norm_scale(shortcut, with_relu=False)]
            lines += [
                conv(f"{name}_2a", blob, width, 1, 0, stride, bias=False),
                *norm_scale(f"{name}_2a"),
                conv(f"{name}_2b", f"{name}_2a", width, 3, 1, bias=False),
                *norm_scale(f"{name}_2b"),
                conv(f"{name}_2c", f"{name}_2b", 4 * width, 1, bias=False),
                *norm_scale(f"{name}_2c", with_relu=False),
                f'layer {{ name: "{name}" type: "Eltwise" bottom: "{shortcut}" '
                f'bottom: "{name}_2c" top: "{name}" }}',
                relu(name),
            ]
            blob = name
    return "\n".join([
        *lines,
        f'layer {{ name: "pool5" type: "Pooling" bottom: "{blob}" top: "pool5" '
        "pooling_param { pool: AVE global_pooling: true } }",
        inner_product("fc", "pool5", classes), loss("loss", "fc"),
    ])


# AlexNet as the first versions wrote it; CLASSES stands for the number of classes
ALEXNET_V1 = """
name: "Old"
input: "data" input_dim: 256 input_dim: 3 input_dim: 227 input_dim: 227
input: "label" input_dim: 256 input_dim: 1 input_dim: 1 input_dim: 1
layers { name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1"
         convolution_param { num_output: 96 kernel_size: 11 stride: 4 } }
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers { name: "pool1" type: POOLING bottom: "conv1" top: "pool1"
         pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layers { name: "norm1" type: LRN bottom: "pool1" top: "norm1" }
layers { name: "conv2" type: CONVOLUTION bottom: "norm1" top: "conv2"
         convolution_param { num_output: 256 kernel_size: 5 pad: 2 group: 2 } }
layers { name: "relu2" type: RELU bottom: "conv2" top: "conv2" }
layers { name: "pool2" type: POOLING bottom: "conv2" top: "pool2"
         pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layers { name: "norm2" type: LRN bottom: "pool2" top: "norm2" }
layers { name: "conv3" type: CONVOLUTION bottom: "norm2" top: "conv3"
         convolution_param { num_output: 384 kernel_size: 3 pad: 1 } }
layers { name: "relu3" type: RELU bottom: "conv3" top: "conv3" }
layers { name: "conv4" type: CONVOLUTION bottom: "conv3" top: "conv4"
         convolution_param { num_output: 384 kernel_size: 3 pad: 1 group: 2 } }
layers { name: "relu4" type: RELU bottom: "conv4" top: "conv4" }
layers { name: "conv5" type: CONVOLUTION bottom: "conv4" top: "conv5"
         convolution_param { num_output: 256 kernel_size: 3 pad: 1 group: 2 } }
layers { name: "relu5" type: RELU bottom: "conv5" top: "conv5" }
layers { name: "pool5" type: POOLING bottom: "conv5" top: "pool5"
         pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layers { name: "fc6" type: INNER_PRODUCT bottom: "pool5" top: "fc6"
         inner_product_param { num_output: 4096 weight_filler { type: "gaussian" } } }
layers { name: "relu6" type: RELU bottom: "fc6" top: "fc6" }
layers { name: "drop6" type: DROPOUT bottom: "fc6" top: "fc6" }
layers { name: "fc7" type: INNER_PRODUCT bottom: "fc6" top: "fc7"
         inner_product_param { num_output: 4096 weight_filler { type: "gaussian" } } }
layers { name: "relu7" type: RELU bottom: "fc7" top: "fc7" }
layers { name: "drop7" type: DROPOUT bottom: "fc7" top: "fc7" }
layers { name: "fc8" type: INNER_PRODUCT bottom: "fc7" top: "fc8"
         inner_product_param { num_output: CLASSES } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "fc8" bottom: "label" top: "loss" }
"""
