"""caffepy.Net: pycaffe's properties, calls and errors, and that it goes away when deleted."""

import gc
import threading
import weakref

import h5py
import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import caffepy
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text


@pytest.fixture
def deploy(tmp_path):
    return pycaffe_nets.write(tmp_path, "deploy.prototxt", pycaffe_nets.DEPLOY)


@pytest.fixture
def net(deploy):
    caffepy.set_random_seed(1)
    return caffepy.Net(deploy, caffepy.TEST)


def net_of(tmp_path, prototxt, phase=caffepy.TRAIN, **options):
    return caffepy.Net(pycaffe_nets.write(tmp_path, "net.prototxt", prototxt), phase, **options)


def data(*shape):
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


# -- making one ------------------------------------------------------------------------------


def test_both_constructors_and_their_keywords(deploy, net, tmp_path):
    weights = str(tmp_path / "w.caffemodel")
    net.save(weights)
    made = [
        caffepy.Net(deploy, weights, caffepy.TEST),
        caffepy.Net(deploy, weights, phase=caffepy.TEST),
        caffepy.Net(deploy, weights=weights, phase=caffepy.TEST),
        caffepy.Net(deploy, caffepy.TEST, weights=weights),
        caffepy.Net(deploy, caffepy.TEST, 0, None, weights),
        caffepy.Net(network_file=deploy, phase=caffepy.TEST, weights=tmp_path / "w.caffemodel"),
    ]
    for other in made:
        assert other.phase == caffepy.TEST
        assert_array_equal(other.params["conv"][0].data, net.params["conv"][0].data)


def test_a_net_can_be_made_of_a_message(net):
    param = caffe_pb2.NetParameter()
    text.parse(pycaffe_nets.DEPLOY, param)
    assert list(caffepy.Net(param, caffepy.TEST).blobs) == list(net.blobs)


@pytest.mark.parametrize("args, options", [
    ((), {}), (("w.caffemodel",), {}), ((), {"phase": 7}), ((None,), {}),
])
def test_a_net_needs_a_phase(deploy, args, options):
    with pytest.raises(ConfigError, match=r"needs a phase.*caffe.TRAIN or caffe.TEST"):
        caffepy.Net(deploy, *args, **options)


def test_a_net_that_optimizes(tmp_path):
    start, end = pycaffe_nets.DEPLOY.split('layer { name: "prob"')
    more = """layer { name: "more" type: "InnerProduct" bottom: "ip" top: "more"
      inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
    """
    longer = start + more + 'layer { name: "prob"' + end.replace('"ip"', '"more"')
    net, fast = (net_of(tmp_path, longer, caffepy.TEST, optimize=optimize)
                 for optimize in (False, True))
    fast.share_with(net)
    x = data(*net.blobs["data"].shape)
    want = net.forward(data=x)["prob"]
    assert_array_equal(fast.forward(data=x)["prob"], want)
    with pytest.raises(ConfigError, match="values of blob 'conv' are not kept.*optimize=True"):
        fast.forward(blobs=["conv"])
    assert_array_equal(fast.forward()["prob"], want)
    assert_array_equal(fast.blobs["data"].data, x)


def test_wrong_arguments_are_told_as_by_python(deploy):
    with pytest.raises(TypeError, match="unexpected keyword argument 'stage'.*stages"):
        caffepy.Net(deploy, caffepy.TEST, stage="x")
    with pytest.raises(TypeError, match="multiple values for argument 'phase'"):
        caffepy.Net(deploy, caffepy.TEST, phase=caffepy.TEST)
    with pytest.raises(TypeError, match="at most 4"):
        caffepy.Net(deploy, caffepy.TEST, 0, None, None, 1)


def test_level_and_stages_choose_layers(tmp_path):
    prototxt = pycaffe_nets.DEPLOY + """
        layer { name: "a" type: "Split" bottom: "prob" top: "a" include { stage: "extra" } }
        layer { name: "b" type: "Split" bottom: "data" top: "b" include { min_level: 2 } }"""
    assert "a" not in net_of(tmp_path, prototxt).layer_dict
    assert "a" in net_of(tmp_path, prototxt, stages=["extra"]).layer_dict
    assert "a" in net_of(tmp_path, prototxt, stages="extra").layer_dict
    assert "b" in net_of(tmp_path, prototxt, level=2).layer_dict


def test_a_wrong_prototxt_leaves_process_and_earlier_nets_usable(net, tmp_path):
    before = net.forward(data=data(4, 2, 6, 6))["prob"].copy()
    for broken in ("layer { name: ", 'layer { name: "x" type: "Nothing" }',
                   pycaffe_nets.DEPLOY.replace("kernel_size: 3", "kernel_size: 30"),
                   pycaffe_nets.DEPLOY.replace('bottom: "conv"', 'bottom: "vonc"')):
        with pytest.raises(CaffeError, match="net.prototxt"):
            net_of(tmp_path, broken)
    with pytest.raises(NotFound):
        caffepy.Net(str(tmp_path / "none.prototxt"), caffepy.TEST)
    assert_array_equal(net.forward()["prob"], before)


# -- what is in it ---------------------------------------------------------------------------


def test_names_and_ids(net):
    assert list(net.blobs) == net._blob_names == ["data", "conv", "ip", "prob"]
    assert list(net._layer_names) == ["data", "conv", "relu", "ip", "prob"]
    assert [net._blobs[i] for i in net._inputs] == [net.blobs["data"]]
    assert [net._blob_names[i] for i in net._outputs] == net.outputs == ["prob"]
    assert net.inputs == ["data"]
    assert list(net._top_ids(2)) == list(net._bottom_ids(2)) == [1], "ReLU works in place"
    assert list(net._bottom_ids(0)) == []
    assert net.top_names["conv"] == ["conv"] and net.bottom_names["conv"] == ["data"]
    assert list(net.top_names) == list(net.bottom_names) == list(net._layer_names)
    assert [layer.type for layer in net.layers] == [
        "Input", "Convolution", "ReLU", "InnerProduct", "Softmax"]
    assert net.layer_dict["ip"] is net.layers[3]
    assert net.layers[3].blobs[0] is net.params["ip"][0]
    assert list(net.params) == ["conv", "ip"]
    assert [blob.data.shape for blob in net.params["conv"]] == [(3, 2, 3, 3), (3,)]
    assert (net.name, net.phase) == ("small", caffepy.TEST)


def test_a_name_that_is_not_there_is_a_key_error_with_the_nearest(net):
    for look in (lambda: net.blobs["probb"], lambda: net.params["covn"],
                 lambda: net.layer_dict["Relu"], lambda: net.top_names["prop"]):
        with pytest.raises(KeyError, match="allowed: .*Did you mean (prob|conv|relu)?"):
            look()
    assert net.blobs.get("probb") is None and "probb" not in net.blobs


def test_loss_weights_by_blob(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    assert net.blob_loss_weights == {"data": 0, "label": 0, "ip": 0, "loss": 2}
    assert list(net._blob_loss_weights) == [0, 0, 0, 2]


def test_automatic_tops_are_blobs_too(tmp_path):
    prototxt = pycaffe_nets.LOSSES.replace('top: "loss"', "")
    net = net_of(tmp_path, prototxt)
    assert net._blob_names[-1] == "(automatic)"
    assert net.top_names["loss"] == ["(automatic)"]
    assert net.blob_loss_weights["(automatic)"] == 2
    net.blobs["label"].data[...] = 1
    assert net.forward(end="loss")["(automatic)"] > 0


def test_repr_is_a_table(net):
    lines = repr(net).splitlines()
    assert lines[0] == "Net 'small', TEST: 5 layers, 302 parameters"
    assert [line.split() for line in lines[1:4]] == [
        ["layer", "type", "tops", "parameters"],
        ["data", "Input", "data", "4x2x6x6"],
        ["conv", "Convolution", "conv", "4x3x4x4", "3x2x3x3", "3"],
    ]
    assert len({line.index(word) for line, word in zip(
        lines[1:4], ("type", "Input", "Convolution"), strict=True)}) == 1


# -- running it ------------------------------------------------------------------------------


def test_forward_from_start_to_end(net):
    x = data(4, 2, 6, 6)
    out = net.forward(blobs=["conv"], data=x)
    assert set(out) == {"prob", "conv"}
    w, b = (blob.data for blob in net.params["ip"])
    assert_allclose(net.blobs["ip"].data, out["conv"].reshape(4, -1) @ w.T + b, rtol=1e-4,
                    atol=1e-5)
    assert_allclose(out["prob"].sum(1), 1, rtol=1e-5)

    net.blobs["ip"].data[...] = [[5, 0, 0, 0, 0]] * 4
    assert_allclose(net.forward(start="prob")["prob"][:, 0], np.exp(5) / (np.exp(5) + 4),
                    rtol=1e-5)
    net.blobs["prob"].data[...] = -1
    part = net.forward(end="ip")
    assert set(part) == {"ip"}
    assert_array_equal(net.blobs["prob"].data, -1)


def test_underscored_forward_and_backward_by_index(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    net.blobs["data"].data[...] = data(4, 3)
    loss = net._forward(0, 3)
    assert_allclose(loss, 2 * net.blobs["loss"].data, rtol=1e-6)
    assert net._forward(0, 2) == 0
    net._backward(3, 3)
    assert net.blobs["ip"].diff.any() and not net.params["ip"][0].diff.any()
    net._backward(2, 0)
    assert net.params["ip"][0].diff.any()
    for wrong in (lambda: net._forward(0, 4), lambda: net._forward(-1, 2),
                  lambda: net._backward(4, 0)):
        with pytest.raises(NotFound, match="0 to 3"):
            wrong()


def test_backward_with_diffs_start_and_end(tmp_path):
    prototxt = "force_backward: true" + pycaffe_nets.DEPLOY
    net = net_of(tmp_path, prototxt)
    net.forward(data=data(4, 2, 6, 6))
    seed = data(4, 5)
    net.blobs["ip"].diff[...] = seed
    out = net.backward(diffs=["conv"], start="ip")
    assert set(out) == {"data", "conv"}
    assert_allclose(net.params["ip"][1].diff, seed.sum(0), rtol=1e-4, atol=1e-5)
    assert out["data"].any()

    net.clear_param_diffs()
    assert not net.params["ip"][1].diff.any()
    assert set(net.backward(start="ip", end="ip")) == {"conv"}
    assert not net.params["conv"][0].diff.any(), "conv lies below the end"

    net.backward(prob=np.ones((4, 5)))
    assert_array_equal(net.blobs["prob"].diff, 1)
    assert_allclose(net.blobs["ip"].diff, 0, atol=1e-6)  # a softmax sums to one, whatever comes


def test_wrong_inputs_are_told_and_nothing_is_written(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    with pytest.raises(ConfigError, match="Input arguments.*found data; allowed: data, label"):
        net.forward(data=data(4, 3))
    with pytest.raises(ShapeError, match=r"not batch sized.*\(5,\).*\(4,\)"):
        net.forward(data=data(4, 3), label=np.zeros(5))
    with pytest.raises(ShapeError, match=r"blob 'data'.*\(4, 2\).*\(4, 3\)"):
        net.forward(data=data(4, 2), label=np.zeros(4))
    assert not net.blobs["data"].data.any()
    with pytest.raises(ConfigError, match="outputs.*found ip; allowed: loss"):
        net.backward(ip=data(4, 5))
    with pytest.raises(NotFound, match="Did you mean ip"):
        net.forward(end="ipp")
    with pytest.raises(NotFound, match="Did you mean loss"):
        net.forward(blobs=["los"])


@pytest.mark.parametrize("count", [3, 4, 10])
def test_forward_all_cuts_and_joins(net, count):
    x = data(count, 2, 6, 6)
    out = net.forward_all(blobs=["ip"], data=x)
    assert {name: values.shape for name, values in out.items()} == {
        "prob": (count, 5), "ip": (count, 5)}
    for i in range(count):
        net.blobs["data"].data[...] = x[i]
        net.forward()
        assert_allclose(out["prob"][i], net.blobs["prob"].data[0], rtol=1e-4, atol=1e-6)
    assert [len(batch["data"]) for batch in net._batch({"data": x})] == [4] * (-(-count // 4))


def test_forward_all_of_what_cannot_be_cut(tmp_path):
    net = net_of(tmp_path, pycaffe_nets.LOSSES)
    out = net.forward_all(data=data(6, 3), label=np.zeros(6))
    assert out["loss"].shape == (2,), "a scalar per batch"
    with pytest.raises(ShapeError, match="equally many items"):
        net.forward_all(data=data(6, 3), label=np.zeros(7))
    with pytest.raises(ConfigError, match="needs an array for each input"):
        net.forward_all()


def test_forward_backward_all(tmp_path):
    net = net_of(tmp_path, "force_backward: true" + pycaffe_nets.DEPLOY)
    x, seeds = data(6, 2, 6, 6), data(6, 5)
    values, gradients = net.forward_backward_all(diffs=["ip"], data=x, prob=seeds)
    assert values["prob"].shape == (6, 5)
    assert gradients["data"].shape == x.shape and gradients["ip"].shape == (6, 5)
    p = values["prob"]
    expected = p * (seeds - (p * seeds).sum(1, keepdims=True))
    assert_allclose(gradients["ip"], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="found dat; allowed: data, prob"):
        net.forward_backward_all(dat=x)


def test_reshape_to_another_size(net):
    small = net.forward(data=data(4, 2, 6, 6))["prob"].copy()
    net.blobs["data"].reshape(1, 2, 6, 6)
    net.reshape()
    assert net.blobs["prob"].data.shape == (1, 5)
    assert_allclose(net.forward(data=data(4, 2, 6, 6)[2:3])["prob"], small[2:3], rtol=1e-5)
    with pytest.raises(ShapeError, match="'ip'"):
        net.blobs["data"].reshape(1, 2, 9, 9)
        net.reshape()


# -- views and callbacks ---------------------------------------------------------------------


def test_kept_views_are_current_after_calls(net):
    views = {name: blob.data for name, blob in net.blobs.items()}
    net.forward(data=data(4, 2, 6, 6))
    first = {name: view.copy() for name, view in views.items()}
    views["data"][...] = 2
    net.forward()
    for name, blob in net.blobs.items():
        assert_array_equal(views[name], blob.data)
        assert not np.array_equal(views[name], first[name])


def test_callbacks_come_in_order_with_current_views(net):
    kept, seen = net.blobs["conv"].data, []

    def check(i):
        seen.append(("before", i))
        if i == 2:  # before ReLU
            assert (kept < 0).any()
            kept[...] = -1
        if i == 3 and ("before", 2) in seen:
            assert_array_equal(kept, 0)
            kept[...] = 7  # what a callback writes counts

    net.before_forward(check)
    net.after_forward(lambda i: seen.append(("after", i)))
    out = net.forward(data=data(4, 2, 6, 6), blobs=["ip"])["ip"]
    assert seen == [(when, i) for i in range(5) for when in ("before", "after")]
    w = net.params["ip"][0].data
    assert_allclose(out, np.full((4, 48), 7) @ w.T, rtol=1e-4)
    seen.clear()
    net.forward(start="ip", end="ip")
    assert seen == [("before", 3), ("after", 3)]


def test_backward_callbacks_come_for_every_layer(net):
    seen = []
    net.before_backward(lambda i: seen.append(i))
    net.after_backward(lambda i: seen.append(-i))
    net.backward()
    assert seen == [4, -4, 3, -3, 2, -2, 1, -1, 0, 0]


def test_a_callback_may_run_the_net(net):
    kept = net.blobs["conv"].data

    def again(i):
        if i == 4 and not calls:
            calls.append(i)
            net.blobs["data"].data[...] = 0
            net.forward(end="ip")
            assert_array_equal(kept, 0)

    calls = []
    net.before_forward(again)
    net.forward(data=data(4, 2, 6, 6))
    assert calls == [4]
    assert_allclose(net.blobs["prob"].data, 0.2, rtol=1e-5)


def test_an_exception_in_a_callback_is_the_callers(net):
    def fail(i):
        raise KeyError("mine")

    net.before_forward(fail)
    with pytest.raises(KeyError, match="mine"):
        net.forward()
    net.core.before_forward.clear()
    net.forward()


# -- MemoryData ------------------------------------------------------------------------------

MEMORY = """
layer { name: "data" type: "MemoryData" top: "data" top: "label"
  memory_data_param { batch_size: 2 channels: 1 height: 2 width: 3 } }
layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" reduction_param { axis: 1 } }
"""


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1, 1)])
def test_set_input_arrays(tmp_path, shape):
    net = net_of(tmp_path, MEMORY)
    x, labels = data(4, 1, 2, 3), np.arange(4, dtype=np.float32).reshape(shape)
    net.set_input_arrays(x, labels)
    for batch in (0, 2, 0):
        assert_allclose(net.forward()["sum"], x[batch : batch + 2].reshape(2, -1).sum(1),
                        rtol=1e-5)
        assert_array_equal(net.blobs["label"].data, [batch, batch + 1])
    x[...] = 1
    assert_array_equal(net.forward()["sum"], 6)


@pytest.mark.parametrize("wrong, message", [
    (lambda x, y: (x.astype(np.float64), y), "data must be float32.*np.ascontiguousarray"),
    (lambda x, y: (x, y.astype(np.int64)), "labels must be float32"),
    (lambda x, y: (x.tolist(), y), "data must be float32.*found list"),
    (lambda x, y: (x[:, :, :, ::-1], y), "data must be C contiguous"),
    (lambda x, y: (x.reshape(4, 6), y), "data must be 4-d"),
    (lambda x, y: (x, y.reshape(2, 2)), "labels must be 4-d"),
    (lambda x, y: (x, y.reshape(1, 1, 2, 2)), "labels must be one number per item"),
    (lambda x, y: (x.reshape(4, 2, 1, 3), y), "do not fit the layer"),
    (lambda x, y: (x, y[:2]), "one label for each item"),
    (lambda x, y: (x[:3], y[:3]), "multiple of the batch size"),
])
def test_set_input_arrays_says_what_is_wrong(tmp_path, wrong, message):
    net = net_of(tmp_path, MEMORY)
    with pytest.raises(ShapeError, match=message):
        net.set_input_arrays(*wrong(data(4, 1, 2, 3), np.zeros(4, np.float32)))


def test_set_input_arrays_needs_memory_data(net):
    with pytest.raises(ConfigError, match="first layer is a MemoryDataLayer.*found Input"):
        net.set_input_arrays(data(4, 2, 6, 6), np.zeros(4, np.float32))


# -- weights ---------------------------------------------------------------------------------


def test_save_and_copy_from_files(net, deploy, tmp_path):
    net.save(tmp_path / "w.caffemodel")
    net.save_hdf5(str(tmp_path / "w.h5"))
    with h5py.File(tmp_path / "w.h5") as file:
        assert_array_equal(file["data/ip/0"], net.params["ip"][0].data)
    for load in (lambda n: n.copy_from(str(tmp_path / "w.caffemodel")),
                 lambda n: n.copy_from(tmp_path / "w.h5"),
                 lambda n: n.load_hdf5(str(tmp_path / "w.h5"))):
        other = caffepy.Net(deploy, caffepy.TEST)
        kept = other.params["ip"][0].data
        assert not np.array_equal(kept, net.params["ip"][0].data)
        load(other)
        assert_array_equal(kept, net.params["ip"][0].data)


def test_copy_from_a_net(net, tmp_path):
    other = net_of(tmp_path, pycaffe_nets.DEPLOY.replace('name: "ip"', 'name: "fc"'),
                   caffepy.TEST)
    report = other.copy_from(net)
    assert (report.copied, report.missing, report.unused) == (["conv"], ["fc"], ["ip"])
    assert_array_equal(other.params["conv"][0].data, net.params["conv"][0].data)
    other.params["conv"][0].data[...] = 0
    assert net.params["conv"][0].data.any(), "a copy"


def test_share_with(net, deploy):
    other = caffepy.Net(deploy, caffepy.TRAIN)
    other.share_with(net)
    net.params["ip"][0].data[...] = 3
    assert_array_equal(other.params["ip"][0].data, 3)


def test_weights_that_do_not_fit_are_told(net, deploy, tmp_path):
    with pytest.raises(NotFound):
        net.copy_from(str(tmp_path / "none.caffemodel"))
    (tmp_path / "bad.caffemodel").write_bytes(b"\xff" * 40)
    with pytest.raises(DataError):
        caffepy.Net(deploy, str(tmp_path / "bad.caffemodel"), caffepy.TEST)
    other = net_of(tmp_path, pycaffe_nets.DEPLOY.replace("num_output: 5", "num_output: 6"))
    with pytest.raises(ShapeError, match="layer 'ip'"):
        other.share_with(net)
    with pytest.raises(ShapeError, match="rename the layer"):
        other.copy_from(net)


# -- Python layers ---------------------------------------------------------------------------


@pytest.fixture
def with_python_layer(tmp_path):
    (tmp_path / "doubling_for_front.py").write_text(
        "import caffepy\n"
        "class Times(caffepy.Layer):\n"
        "    factor = 2\n"
        "    def setup(self, bottom, top): self.blobs.add_blob(2)\n"
        "    def reshape(self, bottom, top): top[0].reshape(*bottom[0].data.shape)\n"
        "    def forward(self, bottom, top): top[0].data[...] = self.factor * bottom[0].data\n"
        "    def backward(self, top, propagate_down, bottom): pass\n"
        "    closed = []\n"
        "    def close(self): self.closed.append(1)\n")
    return net_of(tmp_path, pycaffe_nets.LOSSES + """
        layer { name: "times" type: "Python" bottom: "data" top: "times"
                python_param { module: "doubling_for_front" layer: "Times" } }""")


def test_layers_of_type_python_are_the_users_objects(with_python_layer):
    net = with_python_layer
    layer = net.layer_dict["times"]
    assert type(layer).__name__ == "Times" and layer.type == "Python"
    layer.factor = 5  # set from outside, as scripts do
    net.forward(data=np.ones((4, 3)), label=np.zeros(4))
    assert_array_equal(net.blobs["times"].data, 5)
    assert net.params["times"][0].data.shape == (2,)


# -- going away ------------------------------------------------------------------------------


@pytest.fixture
def no_gc():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_deleted_net_frees_its_memory_at_once(deploy, no_gc):
    net = caffepy.Net(deploy, caffepy.TRAIN)
    net.forward()
    net.backward()
    kept = net.blobs["prob"].data
    refs = [weakref.ref(blob.values.memory) for blob in net._blobs]
    refs += [weakref.ref(blob.values.memory) for blobs in net.params.values() for blob in blobs]
    refs += [weakref.ref(layer) for layer in net.layers]
    assert all(ref() is not None for ref in refs)
    del net
    assert [ref() for ref in refs] == [None] * len(refs)
    assert_allclose(kept.sum(1), 1, rtol=1e-5)  # a view lives on by itself


def test_a_python_layer_goes_with_its_net(tmp_path, with_python_layer, no_gc):
    net = caffepy.Net(str(tmp_path / "net.prototxt"), caffepy.TRAIN)
    net.forward()
    refs = [weakref.ref(net.layer_dict["times"]), weakref.ref(net.core.layers[-1]),
            weakref.ref(net.params["times"][0].values.memory)]
    del net
    assert [ref() for ref in refs] == [None] * 3


def test_a_net_is_closed_when_deleted_or_when_the_program_ends(tmp_path, with_python_layer):
    from caffepy.pycaffe import keeper

    closed = type(with_python_layer.layer_dict["times"]).closed
    net = caffepy.Net(str(tmp_path / "net.prototxt"), caffepy.TRAIN)
    closed.clear()
    blob = net.blobs["times"]
    del net
    assert closed == [1]
    assert blob.data.shape == (4, 3)
    keeper._close_all()  # what the interpreter calls at its end
    assert closed == [1, 1]
    with_python_layer.close()
    assert closed == [1, 1], "closed once"


def test_a_deleted_net_ends_its_data_threads(tmp_path):
    from caffepy.data import db
    from caffepy.proto.caffe_pb2 import Datum

    with db.new_db(str(tmp_path / "lmdb"), "lmdb") as writer:
        for i in range(4):
            datum = Datum(channels=1, height=2, width=2, data=bytes([i] * 4), label=i)
            writer.put(b"%05d" % i, datum.SerializeToString())
    prototxt = f"""layer {{ name: "data" type: "Data" top: "data" top: "label"
        data_param {{ source: "{tmp_path}/lmdb" batch_size: 2 backend: LMDB }} }}"""

    def threads():
        return [thread for thread in threading.enumerate() if thread.name == "prefetch"]

    before = len(threads())
    net = net_of(tmp_path, prototxt)
    net.forward()
    assert len(threads()) == before + 1
    hook = lambda i: net.blobs  # noqa: E731  a callback that refers to its net
    net.before_forward(hook)
    del net, hook
    gc.collect()
    assert len(threads()) == before

    with net_of(tmp_path, prototxt) as net:
        net.forward()
    assert len(threads()) == before
    assert_array_equal(net.blobs["label"].data, [0, 1])
    with pytest.raises(CaffeError, match="closed"):
        net.forward()
