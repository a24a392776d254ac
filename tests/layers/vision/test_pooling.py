import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, check_gradient, random

from caffepy.errors import ConfigError, ShapeError

X = random(2, 3, 6, 5)


def line(param, tops=1):
    return 'type: "Pooling" ' + 'top: "y" ' * tops + f"pooling_param {{ {param} }}"


def windows(x, out, kernel, stride, pad):
    """(image, channel, row, column), area, and {cell: value} of every window."""
    for n, c, i, j in np.ndindex(*x.shape[:2], *out):
        start = [a * s - p for a, s, p in zip((i, j), stride, pad, strict=True)]
        end = [min(a + k, size + p)
               for a, k, size, p in zip(start, kernel, x.shape[2:], pad, strict=True)]
        cells = {(h, w): x[n, c, h, w]
                 for h in range(max(start[0], 0), min(end[0], x.shape[2]))
                 for w in range(max(start[1], 0), min(end[1], x.shape[3]))}
        yield (n, c, i, j), (end[0] - start[0]) * (end[1] - start[1]), cells


CASES = [
    # param, windows, kernel, stride, pad
    ("kernel_size: 2 stride: 2", (3, 3), (2, 2), (2, 2), (0, 0)),
    ("kernel_size: 2 stride: 2 round_mode: FLOOR", (3, 2), (2, 2), (2, 2), (0, 0)),
    ("kernel_size: 3", (4, 3), (3, 3), (1, 1), (0, 0)),
    ("kernel_size: 3 stride: 2 pad: 1", (4, 3), (3, 3), (2, 2), (1, 1)),
    ("kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 1 pad_h: 1 pad_w: 2",
     (3, 7), (2, 3), (3, 1), (1, 2)),
    ("global_pooling: true", (1, 1), (6, 5), (1, 1), (0, 0)),
    # rounding up would add a window that starts beyond the end: it is dropped, padded or not
    ("kernel_size: 2 stride: 2 pad: 1", (4, 3), (2, 2), (2, 2), (1, 1)),
    ("kernel_size: 1 stride: 4", (2, 2), (1, 1), (4, 4), (0, 0)),
    ("kernel_size: 1 stride: 3", (2, 2), (1, 1), (3, 3), (0, 0)),
]


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("param, out, kernel, stride, pad", CASES)
def test_max(param, out, kernel, stride, pad, phase):
    layer, bottom, top = build(line(param, tops=2), X, phase=phase)
    alone, bottom_alone, top_alone = build(line(param), X, phase=phase)
    layer.forward(bottom, top)
    alone.forward(bottom_alone, top_alone)
    assert top[0].shape == top[1].shape == (2, 3, *out)
    for index, _, cells in windows(X, out, kernel, stride, pad):
        h, w = max(cells, key=cells.get)
        assert top[0].data[index] == np.float32(cells[h, w])
        assert top[1].data[index] == h * 5 + w
    assert_array_equal(top_alone[0].data, top[0].data)


@pytest.mark.parametrize("param, out, kernel, stride, pad", CASES)
def test_ave(param, out, kernel, stride, pad):
    layer, bottom, top = build(line("pool: AVE " + param), X)
    layer.forward(bottom, top)
    assert top[0].shape == (2, 3, *out)
    for index, area, cells in windows(X, out, kernel, stride, pad):
        assert_allclose(top[0].data[index], sum(cells.values()) / area, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("param", [case[0] for case in CASES[:6]])
def test_gradient(param, pool, phase):
    # distinct numbers, further apart than the step, so that no maximum changes hands
    x = np.random.default_rng(0).permutation(2 * 6 * 5).reshape(1, 2, 6, 5) / 10
    check_gradient(line(f"pool: {pool} {param}"), x, phase=phase)


def test_gradient_with_a_mask_top():
    x = np.random.default_rng(1).permutation(30).reshape(1, 1, 6, 5) / 10
    check_gradient(line("kernel_size: 3 stride: 2", tops=2), x, tops=(0,))


STOCHASTIC = "pool: STOCHASTIC kernel_size: 2 stride: 2"
POSITIVE = np.abs(X) + 0.1


def test_stochastic_takes_a_weighted_mean_in_test():
    layer, bottom, top = build(line(STOCHASTIC), POSITIVE, phase="TEST")
    layer.forward(bottom, top)
    for index, _, cells in windows(POSITIVE, (3, 3), (2, 2), (2, 2), (0, 0)):
        values = np.array(list(cells.values()))
        assert_allclose(top[0].data[index], (values**2).sum() / values.sum(), rtol=1e-4)
    check_gradient(line(STOCHASTIC), POSITIVE[:1, :1], phase="TEST")


def test_stochastic_draws_cells_in_proportion_in_train():
    x = np.array([[0, 1], [2, 5]], float) * np.ones((100, 20, 1, 1))
    layer, bottom, top = build(line(STOCHASTIC), x)
    layer.forward(bottom, top)
    counts = [(top[0].data == value).mean() for value in (0, 1, 2, 5)]
    assert counts[0] == 0 and sum(counts) == 1
    assert_allclose(counts[1:], [1 / 8, 2 / 8, 5 / 8], atol=0.05)  # 4 deviations of 2000 draws
    first = top[0].data.copy()
    layer.forward(bottom, top)
    assert (top[0].data != first).any(), "each forward draws anew"


def test_stochastic_gradient_goes_to_the_cell_drawn():
    layer, bottom, top = build(line(STOCHASTIC), POSITIVE)
    layer.forward(bottom, top)
    top[0].diff[...] = random(*top[0].shape)
    layer.backward(top, [True], bottom)
    expected = np.zeros(X.shape)
    for index, _, cells in windows(POSITIVE, (3, 3), (2, 2), (2, 2), (0, 0)):
        [(h, w)] = [at for at, v in cells.items() if np.float32(v) == top[0].data[index]]
        expected[index[0], index[1], h, w] = top[0].diff[index]
    assert_allclose(bottom[0].diff, expected)


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_stochastic_of_zeros_is_zero(phase):
    layer, bottom, top = build(line(STOCHASTIC), np.zeros((1, 1, 4, 4)), phase=phase)
    layer.forward(bottom, top)
    top[0].diff[...] = 1
    layer.backward(top, [True], bottom)
    assert not top[0].data.any() and np.isfinite(bottom[0].diff).all()


@pytest.mark.parametrize("param, message", [
    ("", "size of the windows is missing"),
    ("kernel_size: 2 kernel_h: 2 kernel_w: 2", "either kernel_size or kernel_h and kernel_w"),
    ("kernel_h: 2", "belong together.*only kernel_h"),
    ("kernel_size: 2 stride_w: 2", "belong together.*only stride_w"),
    ("kernel_size: 2 pad_h: 1", "belong together.*only pad_h"),
    ("kernel_size: 0", "kernel must be at least 1"),
    ("kernel_size: 2 stride: 0", "stride must be at least 1"),
    ("kernel_size: 2 pad: 2", "pad must be smaller than the kernel"),
    ("global_pooling: true kernel_size: 2", "no kernel can be given"),
    ("global_pooling: true stride: 2", "pad 0 and stride 1"),
    ("global_pooling: true pad: 1", "pad 0 and stride 1"),
    ("kernel_size: 9 stride: 2", "larger than the padded input.*9"),
    ("pool: STOCHASTIC kernel_size: 2 pad: 1", "no padding"),
])
def test_bad_parameters(param, message):
    with pytest.raises((ConfigError, ShapeError), match=message):
        build(line(param), X)


def test_bad_tops_and_bottoms():
    with pytest.raises(ConfigError, match="only MAX pooling has a second top.*AVE"):
        build(line("pool: AVE kernel_size: 2", tops=2), X)
    with pytest.raises(ShapeError, match="with spatial axes"):
        build(line("kernel_size: 2"), (2, 3))


# -- words of forks -------------------------------------------------------------------------------


@pytest.mark.parametrize("words, same", [
    ("ceil_mode: false", "round_mode: FLOOR"), ("ceil_mode: true", ""),
    ("torch_pooling: true", "round_mode: FLOOR"), ("torch_pooling: false", ""),
    ("pad_t: 1 pad_l: 1 pad_b: 1 pad_r: 1", "pad: 1"), ("pad_t: 0 pad_r: 0", ""),
    ("pad_t: 0 pad_l: 1 pad_r: 1", "pad_h: 0 pad_w: 1"),
])
@pytest.mark.parametrize("kind", ["MAX", "AVE", "AVE_EXC_PAD"])
def test_words_that_say_the_same(words, same, kind):
    ys = []
    for said in (words, same):
        layer, bottom, top = build(line(f"pool: {kind} kernel_size: 3 stride: 2 {said}"),
                                   random(2, 3, 6, 6))
        layer.forward(bottom, top)
        ys.append(top[0].data)
    assert_array_equal(*ys)


@pytest.mark.parametrize("kind", ["MAX", "AVE", "AVE_EXC_PAD", "AVE_TF"])
@pytest.mark.parametrize("words, out, pad, end", [
    ("pad_t: 1 pad_l: 0 pad_b: 0 pad_r: 2", (3, 3), (1, 0), (0, 2)),
    ("pad_b: 2 pad_r: 1", (3, 3), (0, 0), (2, 1)),
    ("pad_b: 1 pad_r: 1 ceil_mode: false", (3, 2), (0, 0), (1, 1)),
    ("pad: 1", (4, 3), (1, 1), (1, 1)),
])
def test_each_side_has_its_padding(kind, words, out, pad, end):
    full = line(f"pool: {kind} kernel_size: 3 stride: 2 {words}")
    layer, bottom, top = build(full, X)
    layer.forward(bottom, top)
    assert top[0].shape == (2, 3, *out)
    for n, c, i, j in np.ndindex(2, 3, *out):
        start = [k * 2 - p for k, p in zip((i, j), pad, strict=True)]
        stop = [min(s + 3, size + e) for s, size, e in zip(start, (6, 5), end, strict=True)]
        cells = X[n, c, max(start[0], 0) : min(stop[0], 6), max(start[1], 0) : min(stop[1], 5)]
        area = (stop[0] - start[0]) * (stop[1] - start[1])
        expected = cells.max() if kind == "MAX" else (
            cells.sum() / (area if kind == "AVE" else cells.size))
        assert_allclose(top[0].data[n, c, i, j], expected, rtol=1e-5, atol=1e-6)
    if kind != "MAX":
        check_gradient(full, X[:1])


def test_words_of_forks_that_contradict():
    with pytest.raises(ConfigError, match="not both"):
        build(line("kernel_size: 3 pad: 1 pad_l: 1"), X)
    with pytest.raises(ConfigError, match="smaller than the kernel"):
        build(line("kernel_size: 2 pad_b: 2"), X)
    with pytest.raises(ConfigError, match="global_pooling goes with"):
        build(line("global_pooling: true pad_b: 1"), X)
    with pytest.raises(ConfigError, match="no padding"):
        build(line("pool: STOCHASTIC kernel_size: 2 pad_r: 1"), X)
