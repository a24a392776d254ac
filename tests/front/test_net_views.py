"""caffepy.Net: views that a script keeps, callbacks, objects of Python layers, and the end."""

import gc
import threading
import weakref

import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pycaffe_nets import data, net_of

import caffepy
from caffepy.errors import CaffeError


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
