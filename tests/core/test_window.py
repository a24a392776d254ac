import pytest

from caffepy.core.window import Window
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text


def window(kind, words):
    message = getattr(caffe_pb2, kind)()
    text.parse(words, message)
    return Window(message)


@pytest.mark.parametrize("words, kernel, stride, pad", [
    ("kernel_size: 3", (3,), (1,), (0,)),
    ("kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 4", (3, 5), (2, 1), (0, 4)),
    ("kernel_h: 3 kernel_w: 5 stride: 2 pad: 1", (3, 5), (2, 2), (1, 1)),
])
@pytest.mark.parametrize("kind", ["ConvolutionParameter", "PoolingParameter"])
def test_all_spellings(kind, words, kernel, stride, pad):
    found = window(kind, words)
    assert found.kernel == kernel
    assert [found.each(name, 2) for name in ("kernel", "stride", "pad", "dilation")] == [
        kernel * (3 - len(kernel)), stride * (3 - len(stride)), pad * (3 - len(pad)), (1, 1)]


def test_once_per_axis():
    found = window("ConvolutionParameter", "kernel_size: 3 kernel_size: 4 kernel_size: 5 pad: 1")
    assert found.each("kernel", 3) == (3, 4, 5) and found.each("pad", 3) == (1, 1, 1)
    assert (found.text("kernel"), found.text("pad"), found.text("stride")) == ("3x4x5", "1", "1")
    with pytest.raises(ConfigError, match="once per spatial axis.*\n?.*3 times for 2 spatial"):
        found.each("kernel", 2)


def test_height_and_width_are_for_pictures():
    found = window("ConvolutionParameter", "kernel_size: 3 pad_h: 1 pad_w: 2")
    assert found.each("kernel", 1) == (3,)
    with pytest.raises(ConfigError, match="pad_h and pad_w are for two spatial axes"):
        found.each("pad", 1)


@pytest.mark.parametrize("kind", ["ConvolutionParameter", "PoolingParameter"])
def test_two_ways_at_once(kind):
    with pytest.raises(ConfigError, match="either stride or stride_h and stride_w, not both"):
        window(kind, "kernel_size: 3 stride: 2 stride_h: 2 stride_w: 2")


def test_what_is_not_given():
    found = window("PoolingParameter", "global_pooling: true pad_w: 3")
    assert found.whole and found.kernel == () and found.lonely == ["pad_w"]
    assert found.text("kernel") == ""
