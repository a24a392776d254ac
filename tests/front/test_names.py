"""Scripts hang names of their own on nets and solvers, and nothing of caffepy's may need them."""

import copy
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import caffepy

NET = """
name: "small"
layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param {
  shape { dim: 2 dim: 3 } shape { dim: 2 dim: 2 } data_filler { type: "constant" value: 1 }
  data_filler { type: "constant" value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
"""
# what pycaffe's objects have and whoever sets it changes what it is
NETS_OWN = {
    "forward", "backward", "forward_all", "forward_backward_all", "set_input_arrays", "reshape",
    "copy_from", "share_with", "save", "save_hdf5", "load_hdf5", "clear_param_diffs",
    "before_forward", "after_forward", "before_backward", "after_backward", "_forward",
    "_backward", "_batch", "_set_input_arrays", "_top_ids", "_bottom_ids"}
NETS_PROPERTIES = {
    "blobs", "params", "layers", "inputs", "outputs", "top_names", "bottom_names", "layer_dict",
    "blob_loss_weights", "_blobs", "_blob_names", "_layer_names", "_inputs", "_outputs",
    "_blob_loss_weights"}
SOLVERS_OWN = {"step", "solve", "snapshot", "restore", "add_callback", "apply_update",
               "share_weights", "iter", "net", "test_nets", "param", "lr"}
SCRIPTS = {"name", "phase", "core", "classes", "plan", "nodes", "close", "solver", "transformer",
           "_keeper", "_net", "_index", "_named", "_checked", "_ids", "_set_up", "of"}


def write(path, text):
    Path(path).write_text(text)
    return str(path)


def free(cls, own):
    """All names that scripts may take: those of caffepy's that pycaffe has not, and some more."""
    return sorted({name for name in dir(cls) if not name.startswith("__")} - own - {"_caffepy"}
                  | SCRIPTS)


def use(net):
    """Everything that a script does with a net."""
    assert net.forward(end="ip")["y"].tolist() == [[3, 3], [3, 3]]
    assert net.forward(blobs=["y"])["loss"] == pytest.approx(4)
    net.backward(diffs=["y"], start="loss"), net.clear_param_diffs(), net.reshape()
    assert net._forward(0, 2) == pytest.approx(4)
    net._backward(2, 0)
    assert net.params["ip"][0].diff.sum() == pytest.approx(12)
    other = caffepy.Net(write("names.prototxt", NET), caffepy.TEST)
    other.copy_from(net), net.copy_from(other), net.share_with(other), net.save("names.caffemodel")
    net.copy_from("names.caffemodel"), net.before_forward(lambda i: None)
    assert "InnerProduct" in repr(net) and list(net.top_names) == ["x", "ip", "loss"]
    with pytest.raises(caffepy.pycaffe.inside.UnknownName):
        net.blobs["nothing"]
    with pytest.raises(caffepy.errors.NotFound, match="net 'small': Unknown layer name nothing"):
        net.forward(start="nothing")


@pytest.mark.parametrize("name", free(caffepy.Net, NETS_OWN | NETS_PROPERTIES))
def test_a_net_keeps_what_a_script_calls_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write("small.prototxt", NET)
    net = caffepy.Net(path, caffepy.TRAIN)
    setattr(net, name, "mine")
    use(net)
    assert getattr(net, name) == "mine"

    class Mine(caffepy.Net):
        def __init__(self):
            super().__init__(path, caffepy.TRAIN)
            setattr(self, name, "mine")

    use(Mine())
    use(type("Mine", (caffepy.Net,), {name: "mine"})(path, caffepy.TRAIN))


@pytest.mark.parametrize("name", sorted(NETS_PROPERTIES))
def test_what_pycaffe_forbids_is_forbidden(name, tmp_path):
    net = caffepy.Net(write(tmp_path / "small.prototxt", NET), caffepy.TRAIN)
    with pytest.raises(AttributeError):
        setattr(net, name, "mine")
    assert net.forward()["loss"] == pytest.approx(4)


@pytest.mark.parametrize("name", free(caffepy.SGDSolver, SOLVERS_OWN) + ["solver_type"])
def test_a_solver_keeps_what_a_script_calls_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("small.prototxt", NET)
    path = write("solver.prototxt", 'net: "small.prototxt" base_lr: 0.01 lr_policy: "fixed" '
                                    'max_iter: 3 snapshot_prefix: "s" snapshot_after_train: false')
    for solver in (caffepy.get_solver(path),
                   type("Mine", (caffepy.AdamSolver,), {name: "mine"})(path)):
        setattr(solver, name, "mine")
        solver.step(1), solver.solve(), solver.restore(solver.snapshot())
        solver.add_callback(lambda: None, lambda: None), solver.share_weights(solver.net)
        assert solver.iter == 3 and "of net 'small'" in repr(solver)
        assert getattr(solver, name) == "mine"
        assert solver.param.type == ("SGD" if type(solver) is caffepy.SGDSolver else "Adam")


def test_a_first_layer_with_names_of_its_own(tmp_path, monkeypatch):
    """What the net says of a layer, it says by itself and not by the user's object."""
    class Mine(caffepy.Layer):
        fail = type = None

        def reshape(self, bottom, top):
            top[0].reshape(2)

        def forward(self, bottom, top):
            top[0].data[...] = 1

    monkeypatch.setitem(sys.modules, "first", types.SimpleNamespace(Mine=Mine))
    net = caffepy.Net(write(tmp_path / "n.prototxt", 'layer { name: "p" type: "Python" top: "x" '
                            'python_param { module: "first" layer: "Mine" } }'), caffepy.TEST)
    with pytest.raises(caffepy.errors.ConfigError, match="MemoryData.*found Python"):
        net.set_input_arrays(np.zeros((1, 1, 1, 1), "f"), np.zeros(1, "f"))
    other = caffepy.Net(tmp_path / "n.prototxt", caffepy.TEST)
    other.copy_from(net)
    assert "p      Python  x 2" in repr(net)


def test_blobs_take_names_too(tmp_path):
    blob = caffepy.Net(write(tmp_path / "n.prototxt", NET), caffepy.TRAIN).blobs["x"]
    blob.name = "mine"
    assert blob.name == "mine"


# -- what is not replaced --------------------------------------------------------------------


def assign_param(net):
    net.params["ip"][0] = np.ones((2, 3), np.float32)


def assign_params(net):
    net.params["ip"] = [np.ones((2, 3), np.float32)]


def assign_blob(net):
    net.blobs["x"] = np.ones((2, 3), np.float32)


def assign_layers_blob(net):
    net.layers[1].blobs[0] = net.params["ip"][0]


def assign_data(net):
    net.params["ip"][1].data = np.ones(2)


def assign_diff(net):
    net.blobs["x"].diff = 0


@pytest.mark.parametrize("assign, cure", [
    (assign_param, r"blobs\[0\]\.data\[\.\.\.\] = array"),
    (assign_layers_blob, r"blobs\[0\]\.data\[\.\.\.\] = array"),
    (assign_params, r"net\.params\['ip'\]\[0\]\.data\[\.\.\.\] = array"),
    (assign_blob, r"net\.blobs\['x'\]\.data\[\.\.\.\] = array"),
    (assign_data, r"blob\.data\[\.\.\.\] = array"),
    (assign_diff, r"blob\.diff\[\.\.\.\] = array"),
])
def test_assignments_that_would_be_lost_say_what_to_write(assign, cure, tmp_path):
    net = caffepy.Net(write(tmp_path / "n.prototxt", NET), caffepy.TRAIN)
    with pytest.raises(TypeError, match=cure) as error:
        assign(net)
    assert isinstance(error.value, AttributeError) and isinstance(error.value, RuntimeError)
    assert net.forward()["loss"] == pytest.approx(4)


def test_writing_in_place_and_dictionaries_of_ones_own(tmp_path):
    net = caffepy.Net(write(tmp_path / "n.prototxt", NET), caffepy.TRAIN)
    net.params["ip"][0].data *= 2  # ends in an assignment of what is there already
    net.params["ip"][1].data -= 1
    assert net.forward(end="ip")["y"].tolist() == [[5, 5], [5, 5]]
    mine = net.blobs.copy()
    mine["x"] = 1
    assert dict(net.params)["ip"] is net.params["ip"] and list(net.blobs) == ["x", "t", "y", "loss"]
    assert pickle.loads(pickle.dumps(net.top_names)) == copy.deepcopy(net.top_names)
    assert type(net.params["ip"]) is caffepy._caffe.BlobVec


@pytest.mark.parametrize("args", [
    (caffepy.TEST, "w.caffemodel"), (caffepy.TEST, 0, "w.caffemodel"), (caffepy.TEST, "w.net")])
def test_weights_in_the_wrong_place(args, tmp_path):
    path = write(tmp_path / "n.prototxt", NET)
    with pytest.raises(TypeError, match=r"Write caffe\.Net\(network_file, caffe\.TEST, weights='w"):
        caffepy.Net(path, *args)
