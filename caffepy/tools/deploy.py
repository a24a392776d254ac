"""deploy: the net for use, made of the net for training.

    deploy train_val.prototxt deploy.prototxt

The TEST phase's layers are taken. An Input stands where a data layer was; SoftmaxWithLoss becomes
Softmax and SigmoidCrossEntropyLoss Sigmoid; other losses, Accuracy, and all that led only to them
or to labels are gone. Losses that weigh less than the heaviest (GoogLeNet's two at the side) go
with their branches. Fillers and learning rates, which mean nothing in use, go too. Layers keep
their names, so the weights of the one fit the other.

How the training's pictures came to the net is written as a comment at the top, and as the flags
by which `classify` does the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from caffepy.cli import gflags
from caffepy.errors import CaffeError, ConfigError
from caffepy.tools import _work

BATCH = 10  # as the original's deploy nets: the ten crops of one picture
HEADS = {"SoftmaxWithLoss": "Softmax", "InfogainLoss": "Softmax",
         "SigmoidCrossEntropyLoss": "Sigmoid"}  # fmt: skip
HEAD = "prob"
SCORES = ("Accuracy",)  # what only says how good the net is
OF_TRAINING = ("include", "exclude", "loss_weight", "propagate_down", "transform_param")


def deploy(path: str, batch: int = BATCH, input_shape: Sequence[int] = (),
           stages: Sequence[str] = ()) -> tuple[Any, list[str]]:
    """The net for use (a NetParameter), and what is to be said about it, a line each.

    Args:
        batch: the first axis of the inputs.
        input_shape: the other axes, where nothing in the file tells them.

    Raises:
        NotFound, ConfigError: no such file, no net, or a shape that is not known.
    """
    from caffepy.core import graph
    from caffepy.core.upgrade import read_net_param
    from caffepy.proto import caffe_pb2

    with _work.quiet():
        param, source = read_net_param(path)
        param.state.phase = caffe_pb2.TEST
        param.state.stage.extend(stages)
        kept = graph.filter_net(param, param.state, source)
    layers, wanted = _with_heads(kept.layer)
    used = _leading_to(layers, wanted)
    used = [*_missing(used, param.layer, path), *used]
    made = caffe_pb2.NetParameter(name=kept.name)
    notes: list[str] = []
    for layer in used:
        if layer.type == "Input" or not _is_data(layer):
            made.layer.add().CopyFrom(layer)
            continue
        tops = [top for top in layer.top if _read(top, used)]
        for top in tops:
            shape = _shape(layer, top, input_shape, path)
            added = made.layer.add(name=top, type="Input", top=[top])
            added.input_param.shape.add(dim=[batch, *shape])
            notes += _preprocessing(layer, shape) if top == layer.top[0] else []
    if not any(layer.bottom for layer in made.layer):
        raise ConfigError("nothing of the net is left for use", where=path,
                          fix="Is it a net for training, with layers that lead to a loss?")
    for layer in made.layer:
        _forget_training(layer)
    return made, notes


def _is_data(layer: Any) -> bool:
    from caffepy.core import registry

    return registry.get(layer.type).cls.data or (layer.type == "Python" and not layer.bottom)


def _is_loss(kind: str) -> bool:
    from caffepy.core import registry

    return registry.get(kind).cls.loss


def _with_heads(given: Sequence[Any]) -> tuple[list[Any], set[str]]:
    """The layers with losses replaced or left out, and the blobs that are wanted of the net."""
    from caffepy.proto import caffe_pb2

    weights = {layer.name: abs(layer.loss_weight[0]) if layer.loss_weight else 1.0
               for layer in given if _is_loss(layer.type)}
    heaviest = max(weights.values(), default=0.0)
    layers, wanted, read = [], set(), {bottom for layer in given for bottom in layer.bottom}
    taken = {top for layer in given for top in layer.top if not _is_loss(layer.type)}
    for layer in given:
        if layer.name not in weights:
            if layer.type not in (*SCORES, "Silence", "HDF5Output"):
                layers.append(layer)
            continue
        if weights[layer.name] < heaviest or layer.bottom[0] in wanted:
            continue
        if layer.type not in HEADS:
            wanted.add(layer.bottom[0])
            continue
        kind, name = HEADS[layer.type], HEAD
        there = [other.top[0] for other in layers
                 if other.type == kind and other.bottom[0] == layer.bottom[0] != other.top[0]]
        if there:
            wanted.add(there[0])
            continue
        if name in taken:
            name = f"{layer.name}_{name}"
        taken.add(name)
        wanted.add(name)
        head = caffe_pb2.LayerParameter(name=name, type=kind, bottom=[layer.bottom[0]], top=[name])
        if kind == "Softmax" and layer.HasField("softmax_param"):
            head.softmax_param.CopyFrom(layer.softmax_param)
        layers.append(head)
    if not weights:  # a net without a loss: what nobody reads is what it is for
        wanted = {top for layer in layers if layer.bottom for top in layer.top if top not in read}
    return layers, wanted


def _leading_to(layers: Sequence[Any], wanted: set[str]) -> list[Any]:
    """The layers on the way to the wanted blobs, in their order."""
    needed, used = set(wanted), []
    for layer in reversed(layers):
        if needed.intersection(layer.top):
            used.append(layer)
            needed.update(layer.bottom)
    return used[::-1]


def _missing(used: Sequence[Any], every: Sequence[Any], path: str) -> list[Any]:
    """The data layers of another phase or stage that make what no layer of TEST makes."""
    made = {top for layer in used for top in layer.top}
    found: list[Any] = []
    for bottom in dict.fromkeys(name for layer in used for name in layer.bottom):
        if bottom in made:
            continue
        makers = [layer for layer in every if bottom in layer.top and _is_data(layer)]
        if not makers:
            raise ConfigError(f"no layer of the TEST phase makes the blob '{bottom}'", where=path,
                              fix="Give --stage if the net has stages.")
        found.append(makers[0])
        made.update(makers[0].top)
    return found


def _read(top: str, layers: Sequence[Any]) -> bool:
    return any(top in layer.bottom for layer in layers)


def _shape(layer: Any, top: str, given: Sequence[int], path: str) -> list[int]:
    """The axes behind the batch: as the layer says, its files, or else ``given``."""
    if given:
        return list(given)
    if layer.type == "MemoryData":
        own = layer.memory_data_param
        return [own.channels, own.height, own.width]
    crop = layer.transform_param.crop_size or layer.window_data_param.crop_size
    try:
        shape = _built(layer, top)
    except (CaffeError, OSError):
        shape = []
    if shape:
        return shape
    if crop:
        return [3, crop, crop]
    raise ConfigError(
        "the shape of the pictures is not known: the data is not there and there is no crop_size",
        where=f"{path}, layer '{layer.name}'", fix="Say it: --input_shape=C,H,W.")


def _built(layer: Any, top: str) -> list[int]:
    """What the data layer itself makes, where its files are there."""
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    param = caffe_pb2.NetParameter()
    param.state.phase = caffe_pb2.TEST
    copy = param.layer.add()
    copy.CopyFrom(layer)
    for rules in ("include", "exclude"):
        copy.ClearField(rules)
    with _work.quiet():
        net = Net(param, context=Context(seed=0, engines=("reference",)))
        try:
            return list(net.blobs[top].shape[1:])
        finally:
            net.close()


def _preprocessing(layer: Any, shape: Sequence[int]) -> list[str]:
    """What happened to the pictures in training, and classify's flags for the same."""
    rule = layer.transform_param
    scale, values = rule.scale, [f"{value:g}" for value in rule.mean_value]
    said = [f"minus the mean picture {rule.mean_file}"] if rule.mean_file else []
    said += [f"minus {', '.join(values)}"] * bool(values)
    said += [f"times {scale:g}"] * (scale != 1)
    said += [f"cropped to {rule.crop_size} x {rule.crop_size}"] * bool(rule.crop_size)
    order = "B, G, R in" if shape[0] == 3 else "from"
    words = [f"--mean_file={rule.mean_file}"] if rule.mean_file else (
        [f"--mean_value={','.join(values)}"] if values else ["--mean_file="])
    words += [f"--input_scale={scale:g}"] * (scale != 1)
    if len(shape) == 3:
        image = layer.image_data_param
        size = (image.new_height, image.new_width) if image.new_height else shape[1:]
        words += [f"--images_dim={size[0]},{size[1]}"] * (not rule.crop_size or bool(
            image.new_height))
    return [f"In training the pictures were {order} 0 to 255{', ' * bool(said)}{', '.join(said)}.",
            f"The same: classify {' '.join(words)}"]


def _forget_training(layer: Any) -> None:
    """Take out what only a training looks at; names that share parameters stay."""
    for name in OF_TRAINING:
        layer.ClearField(name)
    if not any(spec.name for spec in layer.param):
        layer.ClearField("param")
    for spec in layer.param:
        for name in ("lr_mult", "decay_mult"):
            spec.ClearField(name)
    for spec, value in layer.ListFields():
        if spec.message_type is None or spec.name in ("dummy_data_param", "param", "blobs"):
            continue
        if hasattr(value, "ListFields"):
            for inner, _ in value.ListFields():
                if inner.message_type and inner.message_type.name == "FillerParameter":
                    value.ClearField(inner.name)
            if not value.ListFields():
                layer.ClearField(spec.name)


@gflags.command(
    "deploy",
    help="Make the net for use of the net for training, NET, and write it to OUTPUT, or print it: "
    "inputs instead of data, probabilities instead of losses.",
)
@click.argument("net")
@click.argument("output", required=False, default="")
@gflags.flag("batch", int, BATCH, "Pictures that go through at once.")
@gflags.flag("input_shape", str, "", "C,H,W of the input, where the data is not there.")
@gflags.flag("stage", str, "", "Stages of the net state, separated by commas.")
def main(net: str, output: str, batch: int, input_shape: str, stage: str) -> None:
    from caffepy.proto import text
    from caffepy.proto.files import atomic_write

    words = [word.strip() for word in input_shape.split(",") if word.strip()]
    if not all(word.isdigit() and int(word) > 0 for word in words):
        raise ConfigError("input_shape must be numbers such as 3,227,227", found=input_shape)
    if batch < 1:
        raise ConfigError("batch must be 1 or more", found=batch)
    made, notes = deploy(net, batch, [int(word) for word in words],
                         [word for word in stage.split(",") if word])
    notes = [f"Made of {os.path.basename(net)} by `caffepy deploy`.", *notes]
    written = "".join(f"# {note}\n" for note in notes) + text.to_text(made)
    if not output:
        click.echo(written, nl=False)
        return
    with atomic_write(output) as file:
        file.write(written.encode())
    print("\n".join(notes[1:]), file=sys.stderr)


if __name__ == "__main__":
    main()
