"""Small nets of the kinds that well-known programs for cv2.dnn use."""


def layers(*lines: str) -> str:
    return "".join(f"layer {{ {line} }}\n" for line in lines)


def data(*shape: int, name: str = "data") -> str:
    dims = " ".join(f"dim: {size}" for size in shape)
    return f'name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }}'


def conv(name: str, bottom: str, outputs: int, kernel: int = 1, more: str = "") -> str:
    return (f'name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" convolution_param'
            f" {{ num_output: {outputs} kernel_size: {kernel} {more} }}")


def of(kind: str, name: str, *bottoms: str, top: str = "", more: str = "") -> str:
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
    return f'name: "{name}" type: "{kind}" {read} top: "{top or name}" {more}'


def detector(size: int, classes: int) -> str:
    """An SSD with one map of boxes, as the face detector res10 and MobileNet-SSD have several."""
    return layers(
        data(1, 3, size, size),
        conv("conv", "data", 8, 3, "stride: 8 pad: 1"),
        of("ReLU", "relu", "conv", top="conv"),
        conv("loc", "conv", 8), of("Permute", "loc_perm", "loc", more=(
            "permute_param { order: 0 order: 2 order: 3 order: 1 }")),
        of("Flatten", "loc_flat", "loc_perm"),
        conv("conf", "conv", 2 * classes), of("Permute", "conf_perm", "conf", more=(
            "permute_param { order: 0 order: 2 order: 3 order: 1 }")),
        of("Flatten", "conf_flat", "conf_perm"),
        of("PriorBox", "priors", "conv", "data", more=(
            "prior_box_param { min_size: 20 max_size: 40 flip: true clip: false "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }")),
        of("Reshape", "conf_reshape", "conf_flat", more=(
            f"reshape_param {{ shape {{ dim: 0 dim: -1 dim: {classes} }} }}")),
        of("Softmax", "conf_softmax", "conf_reshape", more="softmax_param { axis: 2 }"),
        of("Flatten", "conf_all", "conf_softmax", more="flatten_param { axis: 1 }"),
        of("DetectionOutput", "detection_out", "loc_flat", "conf_all", "priors", more=(
            f"detection_output_param {{ num_classes: {classes} share_location: true "
            "background_label_id: 0 nms_param { nms_threshold: 0.45 top_k: 100 } "
            "code_type: CENTER_SIZE keep_top_k: 20 confidence_threshold: 0.3 }")),
    )


COLOURS = layers(
    data(1, 1, 16, 16, name="data_l"),
    conv("conv1", "data_l", 6, 3, "pad: 1 stride: 2"), of("ReLU", "relu1", "conv1", top="conv1"),
    conv("conv8_313", "conv1", 13),
    of("Scale", "conv8_313_rh", "conv8_313", more="scale_param { bias_term: false }"),
    of("Softmax", "class8_313_rh", "conv8_313_rh"),
    conv("class8_ab", "class8_313_rh", 2))


def ages(classes: int) -> str:
    """A classifier with LRN and dropout, of the old input fields."""
    return 'input: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 27\ninput_dim: 27\n' + layers(
        conv("conv1", "data", 6, 5, "stride: 3"), of("ReLU", "relu1", "conv1", top="conv1"),
        of("Pooling", "pool1", "conv1", more=(
            "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")),
        of("LRN", "norm1", "pool1", more="lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"),
        of("InnerProduct", "fc6", "norm1", more="inner_product_param { num_output: 10 }"),
        of("ReLU", "relu6", "fc6", top="fc6"), of("Dropout", "drop6", "fc6", top="fc6"),
        of("InnerProduct", "fc8", "fc6", more=f"inner_product_param {{ num_output: {classes} }}"),
        of("Softmax", "prob", "fc8"))


POSE = layers(
    data(1, 3, 1, 1, name="image"),
    conv("conv1_1", "image", 8, 3, "pad: 1"), of("ReLU", "relu1_1", "conv1_1", top="conv1_1"),
    of("Pooling", "pool1", "conv1_1", more="pooling_param { pool: MAX kernel_size: 2 stride: 2 }"),
    conv("fields", "pool1", 6, 3, "pad: 1"), conv("maps", "pool1", 5, 3, "pad: 1"),
    of("Concat", "net_output", "maps", "fields"))

TRACKER = layers(
    data(1, 3, 23, 23, name="data1"), data(1, 3, 23, 23, name="data2"),
    'name: "conv1" type: "Convolution" bottom: "data1" top: "conv1" param { name: "w" } '
    'param { name: "b" } convolution_param { num_output: 6 kernel_size: 5 stride: 3 }',
    'name: "conv1_p" type: "Convolution" bottom: "data2" top: "conv1_p" param { name: "w" } '
    'param { name: "b" } convolution_param { num_output: 6 kernel_size: 5 stride: 3 }',
    of("ReLU", "relu1", "conv1", top="conv1"), of("ReLU", "relu1_p", "conv1_p", top="conv1_p"),
    of("Concat", "concat", "conv1", "conv1_p"),
    of("InnerProduct", "fc8", "concat", more="inner_product_param { num_output: 4 }"),
    of("Power", "scale", "fc8", more="power_param { scale: 10 }"))
