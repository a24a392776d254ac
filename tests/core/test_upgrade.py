"""Old files come out as the original's upgrade tools make them."""

import logging
from pathlib import Path

import pytest

from caffepy.core import registry, upgrade
from caffepy.errors import ConfigError, DataError
from caffepy.proto import caffe_pb2, text, wire

REFERENCE = Path(__file__).parent.parent / "reference" / "upgrade"


def net_of(content: str) -> caffe_pb2.NetParameter:
    net = caffe_pb2.NetParameter()
    text.parse(content, net)
    return net


def upgraded(content: str) -> caffe_pb2.NetParameter:
    net = net_of(content)
    upgrade.upgrade_net(net)
    return net


@pytest.mark.parametrize("name", ["v0_net", "v1_train_val", "old_inputs"])
def test_nets_come_out_as_recorded(name):
    net, source = upgrade.read_net_param(REFERENCE / f"{name}.prototxt")
    expected = caffe_pb2.NetParameter()
    text.read(REFERENCE / f"{name}.upgraded.prototxt", expected)
    assert text.to_text(net) == text.to_text(expected)
    assert net == expected
    assert upgrade.upgrade_net(net) == [] and net == expected


def test_a_solver_comes_out_as_recorded(tmp_path):
    solver = caffe_pb2.SolverParameter()
    text.read(REFERENCE / "solver_old.prototxt", solver)
    notes = upgrade.upgrade_solver(solver, "old.prototxt")
    expected = caffe_pb2.SolverParameter()
    text.read(REFERENCE / "solver_old.upgraded.prototxt", expected)
    assert solver == expected
    assert "old.prototxt" in notes[0] and "solver_type" in notes[0]
    assert upgrade.upgrade_solver(solver) == []


def test_lines_of_the_file_are_known_after_the_upgrade():
    _, source = upgrade.read_net_param(REFERENCE / "v0_net.prototxt")
    assert source.line_of("conv1") == 4
    assert source.where("conv1").endswith("v0_net.prototxt:4")


def test_what_is_done_is_logged_in_the_original_words(caplog):
    with caplog.at_level(logging.INFO, "caffepy"):
        notes = upgrade.upgrade_net(net_of('layers { name: "r" type: RELU }'), "old.prototxt")
    assert notes == [
        "Attempting to upgrade input file specified using deprecated V1LayerParameter: "
        "old.prototxt",
        "Successfully upgraded file specified using deprecated V1LayerParameter",
    ]
    assert caplog.messages == notes
    assert {record.filename for record in caplog.records} == {"upgrade.py"}


def test_every_type_of_v1_that_a_registered_layer_claims_exists():
    values = caffe_pb2.V1LayerParameter.LayerType
    claimed = [entry for entry in registry.entries() if entry.v1]
    assert claimed
    for entry in claimed:
        net = caffe_pb2.NetParameter()
        net.layers.add(name="x", type=values.Value(entry.v1))
        upgrade.upgrade_net(net)
        assert net.layer[0].type == entry.type


def test_fields_of_v1_that_stay_are_all_carried_over():
    """Every own message, list and number that both formats have, each set to something."""
    old, new = caffe_pb2.V1LayerParameter(), caffe_pb2.LayerParameter()
    both = set(old.DESCRIPTOR.fields_by_name) & set(new.DESCRIPTOR.fields_by_name)
    both -= {"param", "type"}
    for name in both:
        field = old.DESCRIPTOR.fields_by_name[name]
        value = getattr(old, name)
        if field.message_type is None:
            if hasattr(value, "append"):
                value.append("x" if field.cpp_type == field.CPPTYPE_STRING else 1)
            else:
                setattr(old, name, True if field.cpp_type == field.CPPTYPE_BOOL else "x")
        else:
            value.add() if hasattr(value, "add") else value.SetInParent()
    net = caffe_pb2.NetParameter(layers=[old])
    upgrade.upgrade_net(net)
    assert {field.name for field, _ in net.layer[0].ListFields()} == both


def test_transform_settings_move_only_for_data_layers_of_v1(monkeypatch):
    known = registry.from_v1
    monkeypatch.setattr(registry, "from_v1", lambda n: known(n) or n.title().replace("_", ""))
    net = upgraded(
        "layers { type: IMAGE_DATA image_data_param { scale: 2 mirror: true batch_size: 3 } }"
        "layers { type: WINDOW_DATA window_data_param { crop_size: 5 mean_file: 'm' } }"
    )
    images, windows = net.layer
    assert (images.transform_param.scale, images.transform_param.mirror) == (2, True)
    assert images.image_data_param == caffe_pb2.ImageDataParameter(batch_size=3)
    assert windows.transform_param == caffe_pb2.TransformationParameter(crop_size=5, mean_file="m")
    assert not windows.window_data_param.ListFields()


def test_settings_of_v0_that_fit_no_type_are_told(caplog):
    net = net_of('layers { layer { name: "r" type: "relu" kernelsize: 3 } }')
    notes = upgrade.upgrade_net(net)
    assert "Unknown parameter kernelsize for layer type relu" in notes
    assert any("had one or more problems" in note for note in notes)
    assert net.layer[0].type == "ReLU"


def test_padding_before_what_cannot_pad_is_an_error():
    content = (
        'layers { layer { name: "p" type: "padding" pad: 2 } bottom: "d" top: "p" }'
        'layers { layer { name: "r" type: "relu" } bottom: "p" top: "r" }'
    )
    with pytest.raises(ConfigError, match="layer 'r': a padding layer can only feed"):
        upgraded(content)


def test_an_unknown_v0_type_gets_a_suggestion():
    with pytest.raises(ConfigError, match="Did you mean relu"):
        upgraded('layers { layer { name: "r" type: "rellu" } }')


def test_layer_and_layers_together_are_an_error():
    with pytest.raises(ConfigError, match='both "layer" and "layers"'):
        upgraded('layers { name: "r" type: RELU } layer { name: "x" }')


def test_input_shapes_become_an_input_layer():
    net = upgraded(
        'input: "x" input: "y" input_shape { dim: 2 dim: 3 } input_shape { dim: 4 }'
        'layer { name: "s" }'
    )
    assert [layer.name for layer in net.layer] == ["input", "s"]
    assert [list(shape.dim) for shape in net.layer[0].input_param.shape] == [[2, 3], [4]]
    assert not (net.input or net.input_shape)


DIMS = "input_dim: [1, 3, 4, 5] "
RELU = 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('input: "x"' + RELU, "'x' has none (found 1 input, 0 input_dim, 0 input_shape). Write "
         "input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }, with your numbers, for each input."),
        ('input: "x" input_dim: 1 input_dim: 2', "Write input_shape { dim: 1 dim: 2 }"),
        ('input: "x" input: "y" input_shape {}', "'y' has none (found 2 inputs, 0 input_dim"),
        (f'input: "x" input: "y" {DIMS}', "'y' has none (found 2 inputs, 4 input_dim"),
        (f'input: "x" input: "y" {DIMS} input_dim: 2', "'y' has none (found 2 inputs, 5 input_d"),
        (f'input: "x" input: "y" {DIMS} input_shape {{}}', "Beside one input_shape no input_dim"),
        (f'layer {{ top: "x" bottom: "x" }} input: "x" {RELU}', "'x' has none"),
    ],
)  # fmt: skip
def test_inputs_without_their_shapes_are_an_error(content, said):
    with pytest.raises(ConfigError, match="each input needs its shape") as error:
        upgraded(content)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("content", "shapes", "said"),
    [
        (f'{RELU} input: "x" {DIMS}', [[1, 3, 4, 5]], None),
        (f'input: "x" {DIMS} layers {{ name: "r" type: RELU bottom: "x" }}', [[1, 3, 4, 5]], None),
        (f'input: "x" {DIMS} {DIMS}', [[1, 3, 4, 5]], "more shapes than inputs"),
        (f'input: "x" {DIMS} input_dim: 7', [[1, 3, 4, 5]], "more shapes than inputs"),
        ('input: "x" input_shape { dim: 2 } input_shape { dim: 3 }', [[2]], "more shapes than"),
        (f'input: "x" input_shape {{ dim: 2 }} {DIMS}', [[2]], "input_dim does nothing beside"),
        ('input: "y"' + RELU, None, "input 'y' has no shape, and is left out"),
        (f'input: "x" layer {{ top: "x" }} {RELU}', None, "'x' has no shape, and is left out"),
        (DIMS + RELU, None, 'without an input do nothing: name it, input: "data"'),
    ],
)
def test_inputs_as_the_original_takes_them(content, shapes, said):
    net = net_of(content)
    usual = ("Attempting", "Successfully", "Note that")
    notes = [line for line in upgrade.upgrade_net(net) if not line.startswith(usual)]
    assert said in notes[0] if said else notes == []
    inputs = [layer for layer in net.layer if layer.type == "Input"]
    assert [[list(shape.dim) for shape in layer.input_param.shape] for layer in inputs] == (
        [shapes] if shapes else [])
    assert not shapes or net.layer[0].top == ["x"]


def test_batch_norm_statistics_are_never_learned_and_other_params_stay():
    net = upgraded(
        'layer { type: "BatchNorm" param { name: "m" } param { lr_mult: 2 } param {} }'
        'layer { type: "BatchNorm" param { lr_mult: 1 } }'
        'layer { type: "Scale" param {} param {} param {} }'
    )
    first, one, scale = net.layer
    assert [(p.lr_mult, p.decay_mult) for p in first.param] == [(0, 0)] * 3
    assert first.param[0].name == "m"
    assert one.param[0].lr_mult == 1 and scale.param[0].lr_mult == 1


def test_a_solver_with_both_types_is_an_error():
    solver = caffe_pb2.SolverParameter(type="SGD", solver_type=1)
    with pytest.raises(ConfigError, match="solver_type and type"):
        upgrade.upgrade_solver(solver)


def test_nets_inside_a_solver_are_upgraded():
    solver = caffe_pb2.SolverParameter()
    text.parse("net_param { layers { type: RELU } } test_net_param { layers { type: RELU } }",
               solver)  # fmt: skip
    upgrade.upgrade_solver(solver)
    assert solver.net_param.layer[0].type == solver.test_net_param[0].layer[0].type == "ReLU"


def test_the_snapshot_prefix_is_filled_in(tmp_path):
    file = tmp_path / "my_solver.prototxt"
    for content, expected in [
        ("", "my_solver"),
        (f'snapshot_prefix: "{tmp_path}"', "my_solver"),
        (f'snapshot_prefix: "{tmp_path}/x"', "x"),
    ]:
        file.write_text(f"max_iter: 1 {content}")
        param, _ = upgrade.read_solver_param(file)
        assert param.snapshot_prefix == str(tmp_path / expected)


def test_old_weights_are_upgraded_whole(tmp_path):
    old = caffe_pb2.NetParameter()
    layer = old.layers.add(name="ip", type=14, blobs_lr=[1, 2])
    layer.blobs.add(num=1, channels=1, height=1, width=2, data=[3, 4])
    file = tmp_path / "old.caffemodel"
    file.write_bytes(old.SerializeToString())
    net = upgrade.read_net_param_binary(file)
    assert net.layer[0].type == "InnerProduct"
    assert list(net.layer[0].blobs[0].data) == [3, 4]
    assert [p.lr_mult for p in net.layer[0].param] == [1, 2]
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(DataError, match="damaged"):
        upgrade.read_net_param_binary(file)
    wire.write_state(file, caffe_pb2.SolverState(iter=1, learned_net="x"), [])
    with pytest.raises(DataError, match="solverstate"):
        upgrade.read_net_param_binary(file)


def test_types_that_forks_had_in_v1_have_their_names_of_today():
    """Registered or not: the rule is one, and a few names are told."""
    values = caffe_pb2.V1LayerParameter.LayerType
    names = {name for name, number in values.items() if number >= 50000}
    net = caffe_pb2.NetParameter()
    for name in sorted(names):
        net.layers.add(name=name, type=values.Value(name))
    upgrade.upgrade_net(net)
    types = {layer.name: layer.type for layer in net.layer}
    assert types.keys() == names and all(types.values())
    for old, new in {
        "BN": "BN", "IMAGE_SEG_DATA": "ImageSegData", "INTERP": "Interp",
        "UNPOOLING": "Unpooling", "SEG_ACCURACY": "SegAccuracy", "POOLING3D": "Pooling3D",
        "CONVOLUTION3D": "Convolution3D", "DECONVOLUTION3D": "Deconvolution3D",
        "VIDEO_DATA": "VideoData", "MAT_WRITE": "MatWrite", "DENSE_CRF": "DenseCRF",
        "MULTI_STAGE_MEANFIELD": "MultiStageMeanfield", "RELU6": "ReLU6",
        "MCWINDOW_DATA": "MCWindowData", "ELTWISE_PRODUCT": "Eltwise",
    }.items():
        assert types[old] == new
    product = next(layer for layer in net.layer if layer.name == "ELTWISE_PRODUCT")
    assert product.eltwise_param.operation == caffe_pb2.EltwiseParameter.PROD


def test_a_registered_layer_says_itself_what_a_fork_called_it_in_v1(monkeypatch):
    monkeypatch.setattr(registry, "from_v1", lambda name: "Mine" if name == "INTERP" else None)
    assert upgraded("layers { type: INTERP }").layer[0].type == "Mine"


def test_settings_that_forks_had_in_v1_move():
    net = upgraded(
        "layers { type: INTERP interp_param { height: 41 width: 41 } strict_dim: false }"
        "layers { type: SOFTMAX_LOSS softmaxloss_param { weight_source: 'w' ignore_label: 255 } }"
        "layers { type: BN bn_param { bn_mode: INFERENCE } blobs_lr: 1 }"
        "layers { type: CONVOLUTION convolution_param { hole: 2 } }")
    interp, loss, bn, conv = net.layer
    assert interp.interp_param.height == 41 and not interp.strict_dim
    assert loss.softmaxloss_param.weight_source == "w"
    assert bn.bn_param.bn_mode == caffe_pb2.BNParameter.INFERENCE and bn.param[0].lr_mult == 1
    assert conv.convolution_param.hole == 2


def test_every_setting_of_v1_has_its_place_today():
    today = set(caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name)
    assert set(caffe_pb2.V1LayerParameter.DESCRIPTOR.fields_by_name) - today == {
        "layer", "blobs_lr", "weight_decay", "blob_share_mode", "unknown_type"}
