"""caffepy.Net: parameters saved, copied and shared."""


import h5py
import numpy as np
import pycaffe_nets
import pytest
from numpy.testing import assert_array_equal
from pycaffe_nets import net_of

import caffepy
from caffepy.errors import DataError, NotFound, ShapeError


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
