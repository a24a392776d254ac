"""FCN's net surgery on small nets."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import caffepy
from caffepy.errors import ShapeError
from caffepy.standins import surgery

DENSE = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 2 dim: 3 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 4 weight_filler { type: "xavier" }
                              bias_filler { type: "uniform" } } }
layer { name: "gone" type: "InnerProduct" bottom: "fc" top: "gone"
        inner_product_param { num_output: 3 weight_filler { type: "xavier" }
                              bias_filler { type: "uniform" } } }
"""
CONV = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 2 dim: 3 dim: 3 } } }
layer { name: "fc" type: "Convolution" bottom: "data" top: "fc"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "up" type: "Deconvolution" bottom: "fc" top: "up"
        convolution_param { num_output: 4 kernel_size: 4 stride: 2 group: 4 bias_term: false } }
layer { name: "wide" type: "Deconvolution" bottom: "up" top: "wide"
        convolution_param { num_output: 4 kernel_size: 3 stride: 2 bias_term: false } }
layer { name: "flat" type: "Deconvolution" bottom: "up" top: "flat"
        convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 } }
layer { name: "score" type: "InnerProduct" bottom: "fc" top: "score"
        inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def net(tmp_path):
    def make(text):
        (tmp_path / "net.prototxt").write_text(text)
        return caffepy.Net(str(tmp_path / "net.prototxt"), caffepy.TEST)
    return make


def test_a_dense_layer_becomes_a_convolution(net, capsys):
    dense, conv = net(DENSE), net(CONV)
    surgery.transplant(conv, dense)
    assert capsys.readouterr().out.splitlines() == [
        "coercing fc 0 from (4, 18) to (4, 2, 3, 3)", "copying fc  ->  fc 1", "dropping gone"]
    for one in (dense, conv):
        one.blobs["data"].data[...] = np.arange(18).reshape(1, 2, 3, 3)
        one.forward()
    assert dense.blobs["fc"].data.any()
    assert_allclose(conv.blobs["fc"].data.ravel(), dense.blobs["fc"].data.ravel(), rtol=1e-5)
    with pytest.raises(ShapeError, match="parameter 0 of layer 'fc' does not fit"):
        surgery.transplant(net(DENSE.replace("num_output: 4", "num_output: 6")), dense)
    surgery.transplant(net(DENSE.replace("bias_filler", "bias_term: false bias_filler").replace(
        '"fc"', '"fc_new"')), dense, "_new")
    assert "dropping fc 1" in capsys.readouterr().out


@pytest.mark.parametrize("size, expected", [
    (4, [0.25, 0.75, 0.75, 0.25]), (3, [0.5, 1, 0.5]), (2, [0.5, 0.5]), (1, [1])])
def test_bilinear_kernels(size, expected):
    assert_allclose(surgery.upsample_filt(size), np.outer(expected, expected))


def test_layers_that_interpolate(net):
    made = net(CONV)
    surgery.interp(made, ["up", "wide"])
    assert_allclose(made.params["up"][0].data, np.tile(surgery.upsample_filt(4), (4, 1, 1, 1)))
    for i, j in np.ndindex(4, 4):
        expected = surgery.upsample_filt(3) if i == j else np.zeros((3, 3))
        assert_allclose(made.params["wide"][0].data[i, j], expected)
    for name in ("fc", "flat"):
        with pytest.raises(ShapeError, match=f"weights of layer '{name}' cannot interpolate"):
            surgery.interp(made, [name])


def test_a_score_of_more_classes(net):
    made, old = net(CONV), net(DENSE)
    surgery.expand_score(made, "score", old, "gone")
    weights, bias = (blob.data for blob in made.params["score"])
    assert (weights[:3] == old.params["gone"][0].data).all() and not weights[3:].any()
    assert (bias[:3] == old.params["gone"][1].data).all() and not bias[3:].any()
