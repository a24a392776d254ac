"""One input through both sides of a conversion, and what comes out compared.

    told = against_onnx(net, "net.onnx")

If they differ, all that layers made in between is compared, too, and the first that differs named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import NumericError
from caffepy.exchange import onnx_library

Array = np.ndarray[Any, Any]
Run = Callable[[Sequence[Any]], list[Array]]  # keys of values, and the values

MOST = 1e-3  # the difference that is allowed, as a share of the largest number
SEED = 1701
FEW_ROWS = 0.05  # the share of detections that a rounding may lose or find
LEAST = 0.01  # smaller numbers may be what roundings of larger ones leave


@dataclass(frozen=True)
class Pair:
    """A value that both sides have: the layer that makes it, and what each calls it.

    Attributes:
        rows: it has a row for each of so many detections, which a rounding may order anew.
    """

    layer: str
    ours: Any
    theirs: Any
    rows: bool = False


@dataclass
class Difference:
    """How far two values are apart, at most: in all, and as a share of the largest number."""

    absolute: float
    relative: float
    name: str = ""

    @property
    def too_large(self) -> bool:
        return not self.relative <= MOST


def compare(ours: Run, theirs: Run, outputs: Sequence[Pair], steps: Sequence[Pair]) -> Difference:
    """The largest difference of the outputs.

    Args:
        steps: the values in between, in the order in which ours makes them.

    Raises:
        NumericError: it is too large; the message names the first layer that differs.
    """
    worst = _largest(ours, theirs, outputs)
    if not worst.too_large:
        return worst
    first, found = next(
        ((pair, difference) for pair, difference in _each(ours, theirs, [*steps, *outputs])
         if difference.too_large), (outputs[0], worst))
    raise NumericError(
        "both sides give other numbers", where=f"layer '{first.layer}'",
        found=f"a difference of {found.absolute:.3g}, {found.relative:.3g} of the largest "
              f"number; {worst.relative:.3g} in the output {worst.name}",
        allowed=f"{MOST:g} of the largest number",
        fix="It is the first layer that differs. -nocheck writes the file without a comparison.")


def _largest(ours: Run, theirs: Run, pairs: Sequence[Pair]) -> Difference:
    worst = Difference(0.0, 0.0)
    for pair, found in _each(ours, theirs, pairs):
        if not found.relative <= worst.relative:
            worst = Difference(found.absolute, found.relative, str(pair.theirs))
    return worst


def _each(ours: Run, theirs: Run, pairs: Sequence[Pair]) -> Iterable[tuple[Pair, Difference]]:
    one, other = ours([p.ours for p in pairs]), theirs([p.theirs for p in pairs])
    for pair, a, b in zip(pairs, one, other, strict=True):
        yield pair, rows_apart(a, b) if pair.rows else apart(a, b)


def apart(a: Array, b: Array) -> Difference:
    """How far two arrays are apart; infinitely if their shapes differ."""
    if a.shape != b.shape:
        return Difference(np.inf, np.inf)
    if not a.size:
        return Difference(0.0, 0.0)
    same = (a == b) | (np.isnan(a) & np.isnan(b))  # infinities, too
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(same, 0.0, np.abs(a.astype(np.float64) - b))
    largest = float(np.abs(a[np.isfinite(a)], dtype=np.float64).max(initial=0))
    most = float(difference.max())
    return Difference(most, most / max(largest, LEAST))


def rows_apart(a: Array, b: Array) -> Difference:
    """The same of detections. Which of two boxes with scores alike suppresses the other hangs on
    roundings, so rows are paired wherever they lie, and a few may have no fellow."""
    if a.shape == b.shape and not (plain := apart(a, b)).too_large:
        return plain
    one, other = (rows.reshape(-1, rows.shape[-1]).astype(np.float64) for rows in (a, b))
    if not len(one) or not len(other):
        return Difference(np.inf, np.inf)
    nearest = np.array([np.abs(other - row).max(axis=1).min() for row in one])
    scale = max(float(np.abs(one).max()), LEAST)
    paired = nearest[nearest / scale <= MOST]
    lost = max(len(one), len(other)) - len(paired)
    if lost > FEW_ROWS * len(one) + 1:
        return Difference(np.inf, np.inf)
    most = float(paired.max(initial=0))
    return Difference(most, most / scale)


# -- the two sides ---------------------------------------------------------------------------


def against_onnx(net: Net, model: Any, *, outputs: Mapping[str, str] | None = None,
                 steps: Iterable[tuple[str, str, str]] | None = None, every: bool = False,
                 seed: int = SEED) -> str:
    """Compare a built TEST net (``optimize=False``) with an ONNX model; what is to be said of it.

    Args:
        model: a ModelProto, or the path of one.
        outputs: the net's output blobs, and what the model calls them; by default the same, or, if
            it has as many, its outputs in their order.
        steps: layer, top and the model's value, for naming the first layer that differs; by
            default all tops that the model has by their names.
        every: compare these, too, whether or not the outputs differ. What detections are made of
            is compared anyway: there may be none.

    Raises:
        NumericError: they differ. CaffeError: the model does not run.
    """
    proto = onnx_library.load(model)
    names = dict(outputs) if outputs is not None else _paired(net, proto)
    known = _values(proto)
    if steps is None:
        steps = ((node.layer.name, top, top) for node in net.nodes for top in node.top_names)
    chosen = [step for step in steps if step[2] in known]
    kinds = {node.layer.name: type(node.layer) for node in net.nodes}
    makers = {top: node.layer.name for node in net.nodes for top in node.top_names}
    pairs = [Pair(makers[blob], (makers[blob], blob), value, kinds[makers[blob]].detects)
             for blob, value in names.items()]
    between = [Pair(layer, (layer, top), value, kinds[layer].detects)
               for layer, top, value in chosen]
    wanted = [value.name for value in proto.graph.input]
    inputs = feed(net, seed)
    who, theirs = _onnx_side(proto, _given(inputs, wanted))
    read = {name for node in net.nodes if node.layer.detects for name in node.bottom_names}
    more = [pair for pair in between if every or pair.ours[1] in read]
    found = compare(net_side(net, inputs), theirs, [*more, *pairs], between)
    return (f"{who} gives the same: largest difference {found.absolute:.2g}, "
            f"{found.relative:.2g} of the largest number")


def feed(net: Net, seed: int = SEED) -> dict[str, Array]:
    """Numbers for the inputs of a net, such as it could have: what the layers that read them say,
    else from N(0, 1)."""
    random = np.random.default_rng(seed)
    found = {}
    for name in net.input_names:
        blob, values = net.blobs[name], None
        for node, index in _readers(net, name):
            values = _own(node.layer).example(index, node.bottoms, random)
            if values is None and (index in node.layer.integers or index in node.layer.labels):
                values = random.integers(0, 2, blob.shape)
                values[:1] *= blob.ndim < 2  # sequences begin in the first row
            if values is not None:
                break
        values = random.standard_normal(blob.shape) if values is None else values
        found[name] = np.asarray(values, np.float32)
    return found


def _own(layer: Any) -> Any:
    """The layer, or caffepy's object that a Python layer stands for."""
    instance = getattr(layer, "instance", layer)
    return instance if type(instance).__module__.startswith("caffepy.") else layer


def _readers(net: Net, name: str) -> list[tuple[Any, int]]:
    """The layers that read a blob, through the net's own Split layers."""
    names, found = {name}, []
    for node in net.nodes:
        for index, bottom in enumerate(node.bottom_names):
            if bottom in names:
                if node.layer.splits:
                    names.update(node.top_names)
                else:
                    found.append((node, index))
    return found


def _given(inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
    """The inputs by the model's names: the same, or by their order."""
    if set(wanted) <= set(inputs):
        return {name: inputs[name] for name in wanted}
    return dict(zip(wanted, inputs.values(), strict=False))


def _paired(net: Net, proto: Any) -> dict[str, str]:
    made = [value.name for value in proto.graph.output]
    if set(net.output_names) <= set(made) or len(net.output_names) != len(made):
        return {name: name for name in net.output_names if name in made}
    order = {top: node.number for node in net.nodes for top in node.top_names}
    return dict(zip(sorted(net.output_names, key=order.__getitem__), made, strict=True))


def _values(proto: Any) -> set[str]:
    return {name for node in proto.graph.node for name in node.output}


def net_side(net: Net, inputs: Mapping[str, Array]) -> Run:
    """Runs the net; keys are (layer, top): a blob is written by several layers, if in place."""

    def run(keys: Sequence[Any]) -> list[Array]:
        for name, values in inputs.items():
            net.blobs[name].data[...] = values
        wanted, found = set(keys), {}

        def keep(number: int) -> None:
            node = net.nodes[number]
            for top, blob in node.named_tops:
                if (node.layer.name, top) in wanted:
                    found[node.layer.name, top] = np.array(blob.values.read(Place.HOST))

        net.after_forward.append(keep)
        try:
            net.forward()
        finally:
            net.after_forward.remove(keep)
        return [found[key] for key in keys]

    return run


def _onnx_side(proto: Any, inputs: dict[str, Array]) -> tuple[str, Run]:
    """What runs the model, and its name. Values in between are asked for as outputs."""
    who, plain = onnx_library.runtime(proto)
    made = {value.name for value in proto.graph.output}

    def run(keys: Sequence[Any]) -> list[Array]:
        if made.issuperset(keys):
            return plain(list(keys), inputs)
        more = type(proto)()
        more.CopyFrom(proto)
        for name in dict.fromkeys(keys):
            if name not in made:
                more.graph.output.add().name = name
        return onnx_library.runtime(more)[1](list(keys), inputs)

    return who, run
