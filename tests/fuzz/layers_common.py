"""Layers of any shape."""

from __future__ import annotations

import math

from fuzz.draw import Draw
from fuzz.layers import FILLER, Bottom, Made, layer


@layer("BatchNorm")
def batch_norm(draw: Draw) -> Made:
    shape = draw.shape()  # of one or two numbers a channel nothing is left but rounding errors
    shape = (max(6, shape[0]), *shape[1:])
    given = draw.pick(("", "", "use_global_stats: true", "use_global_stats: false"))
    if len(shape) > 1 and draw.chance(0.25):
        given += f" scale_bias: true scale_filler {FILLER} bias_filler {FILLER}"
    return Made(f"batch_norm_param {{ eps: {draw.pick((1e-5, 1e-3))} {given} }}",
                [Bottom(shape, least=6)], terms=math.prod(shape))


@layer("Scale")
def scale(draw: Draw) -> Made:
    shape = draw.shape()
    axis = draw.integer(0, len(shape) - 1) if draw.chance(0.3) else min(1, len(shape) - 1)
    count = draw.integer(1, len(shape) - axis) if draw.chance(0.3) else 1
    bias = f"bias_term: {str(draw.chance()).lower()} bias_filler {FILLER}"
    if axis > 0 and draw.chance(0.25):
        second = Bottom(shape[axis : axis + count], batch=None)
        return Made(f"scale_param {{ axis: {axis} }}", [Bottom(shape), second])
    if axis == 0:  # its parameter has the size of the batch
        return Made(f"scale_param {{ axis: 0 num_axes: {count} filler {FILLER} {bias} }}",
                    [Bottom(shape, batch=None)])
    return Made(f"scale_param {{ axis: {axis} num_axes: {count} filler {FILLER} {bias} }}",
                [Bottom(shape)])


@layer("Bias")
def bias(draw: Draw) -> Made:
    shape = draw.shape()
    axis = min(1, len(shape) - 1)
    return Made(f"bias_param {{ axis: {axis} filler {FILLER} }}",
                [Bottom(shape, batch=None if axis == 0 else 0)])


@layer("InnerProduct")
def inner_product(draw: Draw) -> Made:
    shape = draw.shape(1200)
    if len(shape) == 1:
        shape = (*shape, 3)
    axis = draw.integer(1, len(shape) - 1) if draw.chance(0.2) else 1
    return Made(f"inner_product_param {{ num_output: {draw.channels(60)} axis: {axis} "
                f"transpose: {str(draw.chance(0.3)).lower()} weight_filler {FILLER} "
                f"bias_term: {str(draw.chance(0.7)).lower()} bias_filler {FILLER} }}",
                [Bottom(shape)], terms=math.prod(shape))


@layer("Eltwise")
def eltwise(draw: Draw) -> Made:
    count, shape = draw.pick((1, 2, 2, 3, 4)), draw.shape()
    if count > 1 and draw.chance(0.1):
        c = Bottom((count, shape[0]), "normal", batch=1)
        return Made("eltwise_param { coeff_blob: true }", [Bottom(shape)] * count + [c])
    operation = draw.pick(("SUM", "SUM", "PROD", "MAX"))
    words = f"operation: {operation}"
    if operation == "SUM" and draw.chance(0.4):
        words += "".join(f" coeff: {draw.pick((1, -1, 0.5, 2))}" for _ in range(count))
    if operation == "PROD":
        words += f" stable_prod_grad: {str(draw.chance(0.8)).lower()}"
        if draw.kind == "large":
            draw.kind = "normal"
        if "false" in words:  # dx = dy y / x
            return Made(f"eltwise_param {{ {words} }}", [Bottom(shape, "positive")] * count)
    return Made(f"eltwise_param {{ {words} }}", [Bottom(shape)] * count)


@layer("Concat")
def concat(draw: Draw) -> Made:
    shape = draw.shape(800)
    axis = draw.integer(0, len(shape) - 1) if draw.chance() else min(1, len(shape) - 1)
    parts = [tuple(draw.integer(1, 12) if a == axis else d for a, d in enumerate(shape))
             for _ in range(draw.integer(1, 4))]
    return Made(f"concat_param {{ axis: {axis} }}",
                [Bottom(p, batch=0 if axis else None) for p in parts])


@layer("Slice")
def slices(draw: Draw) -> Made:
    shape, tops = list(draw.shape(1500)), draw.integer(1, 4)
    axis = draw.integer(0, len(shape) - 1) if draw.chance() else min(1, len(shape) - 1)
    points = ""
    if draw.chance():
        at = sorted(draw.rng.choice(range(1, 12), tops - 1, replace=False).tolist())
        shape[axis] = 12
        points = "".join(f" slice_point: {p}" for p in at)
    else:
        shape[axis] = tops * draw.integer(1, 5)
    return Made(f"slice_param {{ axis: {axis}{points} }}",
                [Bottom(tuple(shape), batch=0 if axis else None)], tops=tops)


@layer("Softmax")
def softmax(draw: Draw) -> Made:
    shape = draw.shape()
    axis = draw.integer(0, len(shape) - 1) if draw.chance(0.3) else min(1, len(shape) - 1)
    # of large scores probabilities are too small for float32, and a ReLU would see 0
    return Made(f"softmax_param {{ axis: {axis} }}", [Bottom(shape)], open=draw.kind != "large")


@layer("MVN")
def mvn(draw: Draw) -> Made:
    n, c, h, w = draw.images()
    return Made(f"mvn_param {{ normalize_variance: {str(draw.chance(0.7)).lower()} eps: 0.01 "
                f"across_channels: {str(draw.chance(0.4)).lower()} "
                f"add_eps_before_sqrt: {str(draw.chance(0.2)).lower()} }}",
                [Bottom((n, c, h + 3, w + 3))])


@layer("Flatten")
def flatten(draw: Draw) -> Made:
    return Made("", [Bottom(draw.images(2000))])


@layer("Reshape")
def reshape(draw: Draw) -> Made:
    shape = draw.images(2000)
    if draw.chance(0.2):
        n, c, h, w = shape
        return Made("reshape_param { pixelshuffler: 2 }", [Bottom((n, 4 * c, h, w))])
    dims = draw.pick(("dim: 0 dim: -1", "dim: 0 dim: 0 dim: -1", f"dim: 0 dim: {shape[2]} "
                      f"dim: {shape[1]} dim: {shape[3]}"))
    return Made(f"reshape_param {{ shape {{ {dims} }} }}", [Bottom(shape)])


@layer("Tile")
def tile(draw: Draw) -> Made:
    shape = draw.shape(1000)
    return Made(f"tile_param {{ tiles: {draw.integer(1, 4)} "
                f"axis: {draw.integer(0, len(shape) - 1)} }}", [Bottom(shape)])


@layer("Reduction")
def reduction(draw: Draw) -> Made:
    shape = draw.shape()
    return Made(f"reduction_param {{ operation: {draw.pick(('SUM', 'ASUM', 'SUMSQ', 'MEAN'))} "
                f"axis: {draw.integer(0, len(shape) - 1)} coeff: {draw.pick((1, -0.5))} }}",
                [Bottom(shape)], terms=math.prod(shape))


@layer("ArgMax")
def arg_max(draw: Draw) -> Made:
    n, c = draw.integer(1, 5), draw.integer(4, 30)
    return Made(f"argmax_param {{ top_k: {draw.integer(1, 3)} axis: 1 "
                f"out_max_val: {str(draw.chance()).lower()} }}", [Bottom((n, c))],
                phases=("TEST",), apart=True)


@layer("Embed")
def embed(draw: Draw) -> Made:
    most = draw.integer(1, 40)
    return Made(f"embed_param {{ num_output: {draw.channels(30)} input_dim: {most + 1} "
                f"weight_filler {FILLER} bias_filler {FILLER} "
                f"bias_term: {str(draw.chance()).lower()} }}",
                [Bottom((draw.integer(1, 30),), "labels", most)], phases=("TRAIN",))


@layer("Split")
def split(draw: Draw) -> Made:
    return Made("", [Bottom(draw.shape())], tops=draw.integer(2, 4))


@layer("BatchReindex")
def batch_reindex(draw: Draw) -> Made:
    shape = draw.images(1000)
    return Made("", [Bottom(shape, batch=None), Bottom((draw.integer(1, 8),), "labels",
                                                       shape[0] - 1)])


@layer("Filter")
def filters(draw: Draw) -> Made:
    shape = draw.images(1000)
    return Made("", [Bottom(shape), Bottom((shape[0],), "labels", 1)], open=False,
                phases=("TEST",))


@layer("Parameter")
def parameter(draw: Draw) -> Made:
    return Made("parameter_param { shape { dim: 2 dim: 3 } }", [], apart=True)
