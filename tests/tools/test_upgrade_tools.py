import pytest
from support import REFERENCE

from caffepy.proto import caffe_pb2, text
from caffepy.tools import (
    upgrade_net_proto_binary,
    upgrade_net_proto_text,
    upgrade_solver_proto_text,
)

FOLDER = REFERENCE / "upgrade"
NETS = ("v0_net", "v1_train_val", "old_inputs")


def net(path):
    message = caffe_pb2.NetParameter()
    text.read(path, message)
    return message


@pytest.mark.parametrize("name", NETS)
def test_nets_as_text(call, tmp_path, name):
    done = call(upgrade_net_proto_text.main, FOLDER / f"{name}.prototxt", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert net(tmp_path / "new") == net(FOLDER / f"{name}.upgraded.prototxt")
    assert "Wrote upgraded NetParameter text proto to" in done.output


@pytest.mark.parametrize("name", NETS)
def test_nets_as_binary(call, tmp_path, name):
    old = net(FOLDER / f"{name}.prototxt")
    for layer in old.layers:
        (layer.layer if layer.HasField("layer") else layer).blobs.add(data=[1, 2, 3], num=3)
    (tmp_path / "old").write_bytes(old.SerializeToString())
    done = call(upgrade_net_proto_binary.main, tmp_path / "old", tmp_path / "new")
    assert done.exit_code == 0, done.output
    new = caffe_pb2.NetParameter.FromString((tmp_path / "new").read_bytes())
    with_weights = [layer for layer in new.layer if layer.blobs]
    assert len(with_weights) >= len(new.layer) - 1 if old.layers else not with_weights
    for layer in with_weights:
        assert list(layer.blobs[0].data) == [1, 2, 3]
        layer.ClearField("blobs")
    assert new == net(FOLDER / f"{name}.upgraded.prototxt")


def test_solvers(call, tmp_path):
    done = call(upgrade_solver_proto_text.main, FOLDER / "solver_old.prototxt", tmp_path / "new")
    assert done.exit_code == 0, done.output
    found, wanted = caffe_pb2.SolverParameter(), caffe_pb2.SolverParameter()
    text.read(tmp_path / "new", found)
    text.read(FOLDER / "solver_old.upgraded.prototxt", wanted)
    assert found == wanted and found.type == "Nesterov"


@pytest.mark.parametrize("command, name", [
    ("upgrade_net_proto_text", "v0_net.prototxt"),
    ("upgrade_solver_proto_text", "solver_old.prototxt"),
])
def test_the_installed_commands_change_a_file_in_place(shell, tmp_path, command, name):
    path = tmp_path / "net.prototxt"
    path.write_bytes((FOLDER / name).read_bytes())
    done = shell(command, path, path)
    assert done.returncode == 0, done.stderr
    first = path.read_bytes()
    assert first != (FOLDER / name).read_bytes()
    done = shell(command, path, path)
    assert done.returncode == 0 and "File already in latest proto format" in done.stderr
    assert path.read_bytes() == first


def test_the_installed_command_for_weights(shell, tmp_path):
    weights = REFERENCE / "lenet_init.caffemodel"
    done = shell("upgrade_net_proto_binary", weights, "new")
    assert done.returncode == 0 and "already in latest" in done.stderr
    read = caffe_pb2.NetParameter.FromString
    assert read((tmp_path / "new").read_bytes()) == read(weights.read_bytes())


@pytest.mark.parametrize("tool, content, words", [
    (upgrade_net_proto_text, b"layers { nome: 'x' }", "Did you mean name"),
    (upgrade_net_proto_text, b"\x08\x01\x00\x02", "not a prototxt"),
    (upgrade_solver_proto_text, b"base_lr: oops", "base_lr"),
    (upgrade_net_proto_binary, b"name: 'text'", "upgrade_net_proto_text is for prototxt"),
    (upgrade_net_proto_binary, b"\x0a\x7fshort", "damaged"),
    (upgrade_net_proto_binary, b"", "an empty file"),
])
def test_input_that_cannot_be_used_ends_with_2(call, tmp_path, tool, content, words):
    (tmp_path / "old").write_bytes(content)
    done = call(tool.main, tmp_path / "old", tmp_path / "new")
    assert done.exit_code == 2 and words in done.output, done.output
    assert not (tmp_path / "new").exists()
    done = call(tool.main, tmp_path / "nowhere", tmp_path / "new")
    assert done.exit_code == 2 and "File not found" in done.output


def test_what_has_no_counterpart_ends_with_1_and_the_rest_is_written(call, tmp_path):
    (tmp_path / "old").write_text(
        'layers { layer { name: "r" type: "relu" det_fg_threshold: 0.5 } bottom: "a" top: "a" }')
    done = call(upgrade_net_proto_text.main, tmp_path / "old", tmp_path / "new")
    assert done.exit_code == 1, done.output
    assert "Encountered error(s) while upgrading prototxt" in done.output
    assert net(tmp_path / "new").layer[0].type == "ReLU"


def test_what_cannot_be_upgraded_or_written_ends_with_1(call, tmp_path):
    (tmp_path / "old").write_text('layer { name: "a" } layers { name: "b" type: RELU }')
    done = call(upgrade_net_proto_text.main, tmp_path / "old", tmp_path / "new")
    assert done.exit_code == 1 and "formats of different age" in done.output
    done = call(upgrade_net_proto_text.main, FOLDER / "v0_net.prototxt", tmp_path / "no" / "new")
    assert done.exit_code == 1 and "there is no folder" in done.output
    done = call(upgrade_net_proto_text.main, FOLDER / "v0_net.prototxt")
    assert done.exit_code == 1 and "NET_OUT" in done.output


@pytest.mark.parametrize("pad, written, said", [
    (5, "offset: 4", "c crops at offset 4"),
    (0, "align: true", "stays, which only caffepy knows: layer 'c': cannot crop negative offset"),
])
def test_the_forks_crop_gets_its_offset(call, tmp_path, pad, written, said):
    """Other programs know offsets alone."""
    (tmp_path / "old").write_text(
        'input: "x" input_dim: 1 input_dim: 1 input_dim: 9 input_dim: 9 '
        'layers { name: "a" type: CONVOLUTION bottom: "x" top: "a" convolution_param { '
        f"num_output: 1 kernel_size: 3 pad: {pad} }} }} "
        'layers { name: "c" type: CROP bottom: "a" bottom: "x" top: "c" }')
    done = call(upgrade_net_proto_text.main, tmp_path / "old", tmp_path / "new")
    assert done.exit_code == 0 and said in done.output
    assert str(net(tmp_path / "new").layer[-1].crop_param).strip() == written
