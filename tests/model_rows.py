"""Nets as rows, to hold against what others' generators printed."""

from __future__ import annotations

from typing import Any

from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L

WINDOWS = {"Convolution": "convolution_param", "Pooling": "pooling_param"}


def started(shape: tuple[int, ...] = (1, 3, 64, 64)) -> NetSpec:
    """A net with a blob "data"."""
    net = NetSpec()
    net.data = L.Input(shape={"dim": list(shape)})
    return net


def rows(net: Any) -> list[str]:
    """Of a NetSpec or NetParameter ``name type < bottoms > tops: settings``, tops if the name is
    not the only one."""
    found = []
    for layer in (net.to_proto() if isinstance(net, NetSpec) else net).layer:
        tops = "" if list(layer.top) == [layer.name] else f" > {' '.join(layer.top)}"
        text = f"{layer.name} {layer.type} < {' '.join(layer.bottom)}{tops}"
        window = _window(layer)
        found.append(f"{text}: {window}" if window else text)
    return found


def _window(layer: Any) -> str:
    if layer.type not in WINDOWS:
        return ""
    own = getattr(layer, WINDOWS[layer.type])

    def value(name: str) -> str:
        given = getattr(own, name)
        if hasattr(given, "__len__"):
            given = given[0] if len(given) else 0
        high, wide = getattr(own, f"{name.removesuffix('_size')}_h", 0), getattr(
            own, f"{name.removesuffix('_size')}_w", 0)
        return f"{high}x{wide}" if high or wide else str(given)
    parts = [value("kernel_size"), value("pad"), value("stride")]
    if layer.type == "Convolution":
        parts = [str(own.num_output), *parts, *(f"d{d}" for d in own.dilation if d > 1)]
    else:
        parts = ["MAX" if own.pool == own.MAX else "AVE",
                 *(["global"] if own.global_pooling else parts)]
    return " ".join(parts)
