"""Inception v3 (Szegedy et al., 2015), with TensorFlow's names of layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caffepy.model_libs.building import ConvBNLayer
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.net_spec import params as P

AVE, MAX = P.Pooling.AVE, P.Pooling.MAX
SHRINK = {"pool": MAX, "kernel_size": 3, "pad": 0, "stride": 2}
Row = dict[str, Any]
Tower = tuple[str, list[Row]]


def InceptionTower(net: NetSpec, from_layer: str, tower_name: str, layer_params: Iterable[Row],
                   **bn_param: Any) -> Any:
    """Add layers one behind the other, TOWER_NAME/NAME each, and return the last one's top.

    Args:
        layer_params: of each its ``name`` and settings: a Pooling if its whole name has "pool" in
            it, else a convolution with BatchNorm, Bias and ReLU.
    """
    for row in layer_params:
        from_layer = _add(net, from_layer, f"{tower_name}/{row['name']}", row, bn_param)
    return net[from_layer]


def InceptionV3Body(net: NetSpec, from_layer: str, output_pred: bool = False, **bn_param: Any
                    ) -> NetSpec:
    """Add conv to mixed_10/join, and with ``output_pred`` pool_3, softmax and softmax_prob.

    Args:
        bn_param: see ConvBNLayer.
    """
    for row in (_row("conv", 32, 3, 2, 0), _row("conv_1", 32, 3, 1, 0), _row("conv_2", 64, 3),
                {"name": "pool", **SHRINK}, _row("conv_3", 80), _row("conv_4", 192, 3, 1, 0),
                {"name": "pool_1", **SHRINK}):
        from_layer = _add(net, from_layer, row["name"], row, bn_param)
    for number in range(11):
        name = f"mixed_{number}" if number else "mixed"
        below = from_layer
        towers = [InceptionTower(net, below, f"{name}{part}", rows, **bn_param)
                  for part, rows in _towers(number)]
        if number > 8:
            towers = _split(net, below, name, number, bn_param)
        from_layer = f"{name}/join"
        net[from_layer] = L.Concat(*towers, axis=1)
    if output_pred:
        net.pool_3 = L.Pooling(net[from_layer], pool=AVE, kernel_size=8, pad=0, stride=1)
        net.softmax = L.InnerProduct(net.pool_3, num_output=1008)
        net.softmax_prob = L.Softmax(net.softmax)
    return net


def _add(net: NetSpec, below: str, name: str, row: Row, bn_param: Row) -> str:
    """Add one layer and return its name."""
    settings = {key: value for key, value in row.items() if key != "name"}
    if "pool" in name:
        net[name] = L.Pooling(net[below], **settings)
    else:
        ConvBNLayer(net, below, name, use_bn=True, use_relu=True, use_scale=False,
                    **{**settings, **bn_param})
    return name


def _row(name: str, channels: int, kernel: Any = 1, stride: Any = 1, pad: Any = None) -> Row:
    """A convolution; unless told otherwise, padded to keep the size."""
    if isinstance(kernel, list):
        return {"name": name, "num_output": channels, "kernel_size": kernel,
                "pad": [side // 2 for side in kernel], "stride": [stride, stride]}
    return {"name": name, "num_output": channels, "kernel_size": kernel,
            "pad": kernel // 2 if pad is None else pad, "stride": stride}


def _pooled(channels: int, pool: int = AVE) -> Tower:
    return "/tower_2", [{"name": "pool", "pool": pool, "kernel_size": 3, "pad": 1, "stride": 1},
                        _row("conv", channels)]


def _towers(number: int) -> list[Tower]:
    """The towers of a block that are joined as they are: what is behind the block's name, and rows.
    """
    shrunk: Tower = ("", [{"name": "pool", **SHRINK}])
    wide, high = [1, 7], [7, 1]
    if number < 3:
        return [("", [_row("conv", 64)]),
                ("/tower", [_row("conv", 48), _row("conv_1", 64, 5)]),
                ("/tower_1", [_row("conv", 64), _row("conv_1", 96, 3), _row("conv_2", 96, 3)]),
                _pooled(64 if number else 32)]
    if number == 3:
        return [("", [_row("conv", 384, 3, 2, 0)]),
                ("/tower", [_row("conv", 64), _row("conv_1", 96, 3), _row("conv_2", 96, 3, 2, 0)]),
                shrunk]
    if number < 8:
        n = {4: 128, 7: 192}.get(number, 160)
        return [("", [_row("conv", 192)]),
                ("/tower", [_row("conv", n), _row("conv_1", n, wide), _row("conv_2", 192, high)]),
                ("/tower_1", [_row("conv", n), _row("conv_1", n, high), _row("conv_2", n, wide),
                              _row("conv_3", n, high), _row("conv_4", 192, wide)]),
                _pooled(192)]
    if number == 8:
        return [("/tower", [_row("conv", 192), _row("conv_1", 320, 3, 2, 0)]),
                ("/tower_1", [_row("conv", 192), _row("conv_1", 192, wide),
                              _row("conv_2", 192, high), _row("conv_3", 192, 3, 2, 0)]),
                shrunk]
    return []


def _split(net: NetSpec, below: str, name: str, number: int, bn_param: Row) -> list[Any]:
    """The towers of the last two blocks, of which two end in a pair side by side."""
    towers = [InceptionTower(net, below, name, [_row("conv", 320)], **bn_param)]
    for part, rows in (("/tower", [_row("conv", 384)]),
                       ("/tower_1", [_row("conv", 448), _row("conv_1", 384, 3)])):
        InceptionTower(net, below, name + part, rows, **bn_param)
        end, joined = f"{name}{part}/{rows[-1]['name']}", f"{name}{part}/mixed"
        pair = [InceptionTower(net, end, joined, [row], **bn_param)
                for row in (_row("conv", 384, [1, 3]), _row("conv_1", 384, [3, 1]))]
        net[joined] = L.Concat(*pair, axis=1)
        towers.append(net[joined])
    part, rows = _pooled(192, AVE if number == 9 else MAX)
    return [*towers, InceptionTower(net, below, name + part, rows, **bn_param)]
