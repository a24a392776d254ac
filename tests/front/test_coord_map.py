"""Coordinate maps against the places worked out by hand, and against real Crop layers."""

import numpy as np
import pytest

from caffepy import TEST, Net
from caffepy.coord_map import (
    AxisMismatchException,
    CropError,
    UndefinedMapException,
    compose,
    conv_params,
    coord_map,
    coord_map_from_to,
    crop,
    crop_params,
    inverse,
)
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P


def net(kernel=3, stride=1, pad=0, pool=2, up=2, up_pad=0):
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 1, 40, 40]))
    n.conv = L.Convolution(n.data, num_output=2, kernel_size=kernel, stride=stride, pad=pad)
    n.pool = L.Pooling(n.conv, pool=P.Pooling.MAX, kernel_size=pool, stride=pool)
    n.up = L.Deconvolution(n.pool, convolution_param=dict(
        num_output=2, kernel_size=2 * up, stride=up, pad=up_pad))
    return n


def test_parameters_of_windows_whatever_way_they_are_written():
    axis, stride, kernel, pad = conv_params(
        L.Convolution(kernel_size=[3, 5], dilation=2, stride=2, axis=1).fn)
    assert axis == 1
    assert (stride.tolist(), kernel.tolist(), pad.tolist()) == ([2], [5, 9], [0])
    sides = conv_params(L.Pooling(pooling_param=dict(kernel_h=2, kernel_w=3, pad_w=1)).fn)
    assert [value.tolist() for value in sides[1:]] == [[1], [2, 3], [0, 1]]
    assert crop_params(L.Crop(crop_param=dict(axis=1, offset=[4, 5])).fn)[0] == 1
    assert crop_params(L.Crop(crop_param=dict(axis=1, offset=[4, 5])).fn)[1].tolist() == [4, 5]
    assert (crop_params(L.Crop().fn)[0], crop_params(L.Crop().fn)[1].tolist()) == (2, [0])


def test_each_layers_own_map():
    # the window of output y covers 2y - 1 .. 2y + 3: its middle is 2y + 1
    assert coord_map(L.Convolution(kernel_size=5, stride=2, pad=1).fn) == (1, 0.5, -0.5)
    assert coord_map(L.Deconvolution(kernel_size=4, stride=2, pad=1).fn) == (1, 2, 0.5)
    assert coord_map(L.ReLU().fn) == (None, 1, 0)
    assert coord_map(L.Crop(axis=2, offset=3).fn) == (1, 1, -3)
    with pytest.raises(UndefinedMapException, match="InnerProduct"):
        coord_map(L.InnerProduct(num_output=1).fn)
    with pytest.raises(UndefinedMapException, match="kernel size"):
        coord_map(L.Pooling(global_pooling=True).fn)


def test_maps_compose_and_invert():
    assert compose((1, 2, 3), (None, 5, 7)) == (1, 10, 17)  # 2 (5 x + 7) + 3
    assert compose((None, 2, 3), (1, 5, 7)) == (1, 10, 17)
    assert inverse((1, 2, 3)) == (1, 0.5, -1.5)
    assert compose(inverse((1, 2, 3)), (1, 2, 3)) == (1, 1, 0)
    with pytest.raises(AxisMismatchException, match="axes 1 and 2"):
        compose((1, 1, 0), (2, 1, 0))


@pytest.mark.parametrize("settings, shift", [
    ({}, 0),  # conv 3: +1; pool 2: +0.5; up by 2 from a kernel of 4: -1.5
    (dict(pool=4, up=4), -1),
    (dict(pad=5), -5),
    (dict(up_pad=3), 3),
    (dict(pad=3, up_pad=3), 0),
])
def test_there_and_back(settings, shift):
    n = net(**settings)
    axis, a, b = coord_map_from_to(n.up, n.data)
    assert (axis, a, b) == (1, 1, shift)
    axis, a, b = coord_map_from_to(n.data, n.up)
    assert (axis, a, b) == (1, 1, -shift)


def test_layers_that_keep_places_change_nothing():
    n = net(pad=5)
    n.relu = L.ReLU(n.up)
    n.sum = L.Eltwise(n.relu, n.up)
    n.one = L.Convolution(n.sum, num_output=1, kernel_size=1)
    assert coord_map_from_to(n.one, n.data) == (1, 1, -5)


def test_each_spatial_axis_has_its_own():
    n = net(kernel=[3, 5], stride=[1, 2], pad=[0, 10])
    _, a, b = coord_map_from_to(n.up, n.data)
    for i, other in enumerate([net(3, 1, 0), net(5, 2, 10)]):
        _, one_a, one_b = coord_map_from_to(other.up, other.data)
        assert (a[i], b[i]) == (one_a, one_b)


def test_a_crop_shifts_and_its_reference_is_no_way():
    n = net()
    n.crop = L.Crop(n.up, n.data, axis=2, offset=4)
    assert coord_map_from_to(n.crop, n.data)[2] == coord_map_from_to(n.up, n.data)[2] + 4
    n.aux = L.Input(shape=dict(dim=[1, 1, 20, 20]))
    n.other = L.Crop(n.up, n.aux, axis=2)
    with pytest.raises(RuntimeError, match="connected by spatial layers"):
        coord_map_from_to(n.other, n.aux)


@pytest.mark.parametrize("make", [lambda a, b: L.Crop(a, b, crop_param=dict(align=True)),
                                  lambda a, b: L.AutoCrop(a, b)])
def test_a_crop_that_aligns_is_where_its_reference_is(make):
    n = net(pad=5)
    n.crop = make(n.up, n.data)
    assert coord_map_from_to(n.crop, n.data) == (1, 1, 0)
    assert coord_map(n.crop.fn) == (1, 1, -5)


def test_crop_lines_a_blob_up(tmp_path):
    """A dot in the picture comes out of down- and upsampling at the same place, once cropped."""
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 1, 24, 24]))
    n.conv = L.Convolution(n.data, num_output=1, kernel_size=3, pad=7, bias_term=False)
    n.up = L.Deconvolution(n.conv, convolution_param=dict(
        num_output=1, kernel_size=3, bias_term=False))
    n.score = crop(n.up, n.data)
    layer = n.to_proto().layer[-1]
    assert (layer.crop_param.axis, list(layer.crop_param.offset)) == (2, [7])
    (tmp_path / "net.prototxt").write_text(str(n.to_proto()))
    built = Net(tmp_path / "net.prototxt", TEST)
    for name in ("conv", "up"):
        built.params[name][0].data[0, 0] = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    built.blobs["data"].data[0, 0] = np.arange(24 * 24).reshape(24, 24)
    np.testing.assert_array_equal(built.forward()["score"], built.blobs["data"].data)


def test_crops_that_cannot_be():
    n = net(pool=3)
    with pytest.raises(AssertionError, match="scale mismatch"):  # as pycaffe
        crop(n.up, n.data)
    n = net(up_pad=10)
    with pytest.raises(CropError, match="negative offset"):
        crop(n.up, n.data)
    n = net(kernel=2, pad=2)
    with pytest.raises(CropError, match="noninteger"):
        crop(n.up, n.data)
    n = net()
    with pytest.raises(RuntimeError):
        crop(L.InnerProduct(n.up, num_output=3), n.data)
