"""Passes of a net, and what can be seen of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from caffepy.core.blob import Blob
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.kernels.operations.softmax_loss import SoftmaxLossKernel
from caffepy.proto import caffe_pb2, text
from fuzz.sides import Side

# Losses are sums of -log p or the like, and near 1 a p of float32 leaves that many units of its own
# last place.
LOSS = 4.0


@dataclass
class Pass:
    """Forward and backward once.

    Attributes:
        inputs: by blob, of any shape the net can take.
        clear: parameters' gradients begin at zero; else they go on adding up.
        views: look by ``blob.data``, which counts as writing; else without leaving a trace.
        seed, whole: of the gradients of outputs that are no losses.
    """

    inputs: dict[str, np.ndarray]
    clear: bool
    views: bool
    seed: int
    whole: bool


def play_net(prototxt: str, phase: str, passes: Sequence[Pass], backward: bool, optimize: bool,
             then: Callable[[Net, Side], None] | None = None) -> Callable[[Side], None]:
    """What plays the passes on a side; the truth never runs layers as one."""
    param = caffe_pb2.NetParameter()
    text.parse(prototxt, param)

    def play(side: Side) -> None:
        net = built(param, phase, side, optimize and not side.is_truth)
        try:
            for each in passes:
                run(net, each, side, backward, outputs_alone=optimize)
        finally:
            net.close()

    return play


def built(param, phase: str, side: Side, optimize: bool = False, label: str = "net") -> Net:
    """The net on a side, with parameters of float32's precision in any number type."""
    context = Context(seed=5, engines=side.names, threads=side.threads)
    net = Net(param, caffe_pb2.Phase.Value(phase), context=context, dtype=side.dtype,
              optimize=optimize, label=label)
    for blobs in net.params.values():
        for blob in blobs:
            values = blob.values.write(Place.HOST)
            values[...] = side.array(values.astype(np.float32))
    for layer in net.layers:
        if layer.type == "BatchNorm" and layer.given:  # or what a training would have gathered
            rng = np.random.default_rng(layer.blobs[0].count)
            for blob, draw in zip(layer.blobs[:3], (rng.normal, rng.gamma, lambda *a, **k: 1.0),
                                  strict=True):
                blob.values.overwrite(Place.HOST)[...] = side.array(np.asarray(
                    draw(1.0, 1.0, size=blob.shape), np.float32))
    if side.shake:
        net.after_forward.append(lambda i: shake(side, [b.values for b in net.nodes[i].tops] + [
            b.values for b in vars(net.layers[i]).values() if isinstance(b, Blob)]))
        net.after_backward.append(lambda i: shake_gradients(side, net, i))
    return net


def shake_gradients(side: Side, net: Net, i: int) -> None:
    node = net.nodes[i]
    layer, kernel = node.layer, getattr(node.layer, "kernel", None)
    wanted = [blob.grads for blob in node.wanted]
    if isinstance(kernel, SoftmaxLossKernel) and wanted:  # p - 1, where p has float32's last place
        array = wanted[0].write(Place.HOST)
        noise = np.random.default_rng(int(side.shake.trial)).uniform(-1, 1, array.shape)
        array += side.shake.SIZE * noise * layer.weight(node.tops) / kernel.left.divisor
    shake(side, wanted)


def shake(side: Side, tensors) -> None:
    """Round what a layer computed as float32 might have."""
    for memory in {t.memory: t for t in tensors}.values():
        array = memory.write(Place.HOST)
        array[...] = side.array(array)


def run(net: Net, each: Pass, side: Side, backward: bool, outputs_alone: bool) -> None:
    for name, values in each.inputs.items():
        net.blobs[name].reshape(*values.shape)
        net.blobs[name].data[...] = side.array(values)
    if each.clear:
        net.clear_param_diffs()
    side.note("loss", net.forward(), size=LOSS)
    if backward:
        rng = np.random.default_rng(each.seed)
        for name in net.output_names:
            blob = net.blobs[name]
            if not net.loss_weights.get(name):
                draw = rng.integers(-2, 3, blob.shape) if each.whole else rng.normal(
                    size=blob.shape)
                blob.diff[...] = side.array(np.asarray(draw, np.float32))
        net.backward()
    (outputs if outputs_alone else everything)(net, side, each.views, backward)


def everything(net: Net, side: Side, views: bool, backward: bool) -> None:
    """Every value, and every gradient that is wanted."""
    wanted = {name for node in net.nodes if node.needs_backward
              for name, down in zip(node.bottom_names, node.propagate_down, strict=True) if down}
    for name, blob in net.blobs.items():
        look(side, f"{name}.data", blob, views, LOSS if name in net.loss_weights else 0.0)
        if backward and name in wanted:
            look(side, f"{name}.diff", blob, views)
    parameters(net, side, views, backward)


def outputs(net: Net, side: Side, views: bool, backward: bool) -> None:
    """What nets show that run layers as one and share memory."""
    for name in net.output_names:
        side.note(name, net.blobs[name].values, LOSS if name in net.loss_weights else 0.0)
    if backward:
        for node in net.nodes:
            for name in node.bottom_names:
                if name in net.input_names and node.propagate_down[node.bottom_names.index(name)]:
                    try:
                        side.note(f"{name}.diff", net.blobs[name].diff)
                    except CaffeError:  # it shares memory, and says so
                        pass
    parameters(net, side, views, backward)


def parameters(net: Net, side: Side, views: bool, backward: bool) -> None:
    for layer in net.layers:
        for index, blob in enumerate(layer.blobs):
            look(side, f"{layer.name}[{index}].data", blob, views)
            if backward and layer.param_propagate_down[index]:
                look(side, f"{layer.name}[{index}].diff", blob, views)


def look(side: Side, name: str, blob: Blob, views: bool, size: float = 0.0) -> None:
    what = name.rsplit(".", 1)[1]
    if views:
        side.note(name, getattr(blob, what), size)
    else:
        side.note(name, blob.values if what == "data" else blob.grads, size)
