"""The net for use, made of the net for training."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caffepy.errors import CaffeError, ConfigError
from caffepy.services import work

if TYPE_CHECKING:
    from caffepy.core.traits import Traits

BATCH = 10  # as the original's deploy nets: the ten crops of one picture
OF_UNKNOWN = ("include", "exclude", "loss_weight", "propagate_down")
OF_TRAINING = (*OF_UNKNOWN, "transform_param")


def deploy(path: str, batch: int = BATCH, input_shape: Sequence[int] = (),
           stages: Sequence[str] = ()) -> tuple[Any, list[str]]:
    """The net for use (a NetParameter), and what is to be said about it, a line each. Layers of
    types that nobody knows stay as they are.

    Args:
        batch: the first axis of the inputs.
        input_shape: the other axes, where nothing in the file tells them.

    Raises:
        NotFound, ConfigError: no such file, no net, or a shape that is not known. CaffeError: what
            was made cannot be built, or the weights would not fit.
    """
    from caffepy.core import graph, known_part, obeys
    from caffepy.core.upgrade import read_net_param
    from caffepy.proto import caffe_pb2
    from caffepy.services import deployed
    from caffepy.services.fed import fed, notes, picture_rule

    with work.quiet():
        param, source = read_net_param(path)
        param.state.phase = caffe_pb2.TEST
        param.state.stage.extend(stages)
        kept = graph.filter_net(param, param.state, source)
        obeys.warn(kept, source)
    used = deployed.layers_for_use(kept.layer, param.layer, path)
    made = caffe_pb2.NetParameter(name=kept.name)
    trained_with: dict[str, int] = {}  # the batch_size of each input's data layer
    pictures: list[tuple[Any, str]] = []
    for layer in used:
        tops = [top for top in layer.top if deployed.is_read(top, used)]
        if _kind(layer).waits:
            _keep_tops(made.layer.add(), layer, tops)
        elif deployed.is_data(layer):
            found = fed(layer, tops, input_shape, path)
            for top in tops:
                made.layer.append(graph.input_layer(top, [top], [[batch, *found.shapes[top]]]))
                trained_with[top] = found.batch
            if layer.top[0] in tops:
                pictures.append((layer, layer.top[0]))
        else:
            made.layer.add().CopyFrom(layer)
    if not any(layer.bottom for layer in made.layer):
        raise ConfigError("nothing of the net is left for use", where=path,
                          fix="Is it a net for training, with layers that lead to a loss?")
    known_part.refuse_slips(made.layer, source)
    strange = [layer for layer in made.layer if known_part.is_unknown(layer)]
    for layer in made.layer:
        _forget_training(layer, OF_UNKNOWN if layer in strange else OF_TRAINING)
    with obeys.told():
        _check(made, trained_with, path)
    parts = _feed_what_is_sliced(made)
    shapes = {layer.name: layer.input_param.shape[0].dim[1:] for layer in made.layer
              if _kind(layer).waits}
    for layer, top in pictures[:1]:
        if rule := picture_rule(layer, shapes[parts.get(top, top)]):
            rule.write(made)
    told = [note for layer, top in pictures for note in notes(layer, shapes[parts.get(top, top)])]
    return made, [*told, *(f"As it was: {said}" for said in known_part.told(strange, source))]


def _kind(layer: Any) -> type[Traits]:
    from caffepy.core import traits

    return traits.of(layer)


def _keep_tops(kept: Any, layer: Any, tops: Sequence[str]) -> None:
    """Copy an Input layer with these of its tops."""
    kept.CopyFrom(layer)
    shapes = list(layer.input_param.shape)
    kept.top[:] = tops
    if len(shapes) > 1:
        del kept.input_param.shape[:]
        kept.input_param.shape.extend(
            shape for top, shape in zip(layer.top, shapes, strict=False) if top in tops)


def _check(made: Any, trained_with: dict[str, int], path: str) -> None:
    """Build the net, and see whether it has the same weights at the batch_size of training.

    Raises: CaffeError.
    """
    own = copy.deepcopy(made)
    counts = set(trained_with.values()) - {0}
    for layer in own.layer:
        if _kind(layer).waits and trained_with.get(layer.name):
            layer.input_param.shape[0].dim[0] = trained_with[layer.name]
    try:
        shapes = _weights(made)
    except CaffeError as error:
        if own != made and _builds(own):
            error.fix = f"It can be built with --batch={min(counts)}, as in training."
        raise error if error.where and path in error.where else error.at(path) from None
    if own == made or not any(_kind(layer).counts_on_batch for layer in made.layer) \
            or not _builds(own):
        return
    for name, before in _weights(own).items():
        if shapes[name] != before:
            raise ConfigError(
                "the weights would not fit: a layer counts on the batch_size of training",
                where=f"{path}, layer '{name}'",
                found=f"{_sizes(shapes[name])} instead of {_sizes(before)}",
                fix=f"Say --batch={min(counts)}, or let Reshape layers keep the first axis "
                    "(dim: 0).")


def _weights(param: Any) -> dict[str, list[tuple[int, ...]]]:
    """The shapes of each layer's weights. Raises: CaffeError, it cannot be built."""
    with _built(param) as net:
        return {name: [blob.shape for blob in blobs] for name, blobs in net.params.items()}


def _sizes(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(" x ".join(map(str, shape)) for shape in shapes)


def _builds(param: Any) -> bool:
    try:
        _weights(param)
    except CaffeError:
        return False
    return True


@contextlib.contextmanager
def _built(param: Any) -> Iterator[Any]:
    from caffepy.core.context import Context
    from caffepy.core.known_part import known_part
    from caffepy.core.net import Net
    from caffepy.proto import caffe_pb2

    with work.quiet():
        net = Net(known_part(param).param, caffe_pb2.TEST,
                  context=Context(seed=0, engines=("reference",)))
        try:
            yield net
        finally:
            net.close()


def _feed_what_is_sliced(made: Any) -> dict[str, str]:
    """Where a Slice takes an input apart and one part alone is left, as of a siamese net's pairs,
    that part becomes the input. Returns: whole to part."""
    from caffepy.services.deployed import is_read

    fed: dict[str, str] = {}

    for layer in list(made.layer):
        parts = [top for top in layer.top if is_read(top, made.layer)]
        feeds = [other for other in made.layer
                 if _kind(layer).cuts and list(other.top) == [layer.bottom[0]]
                 and _kind(other).waits]
        readers = [other for other in made.layer if feeds and feeds[0].top[0] in other.bottom]
        if len(parts) != 1 or not feeds or len(readers) != 1:
            continue
        with _built(made) as net:
            shape = net.blobs[parts[0]].shape
        made.layer.remove(layer)
        fed[feeds[0].top[0]] = parts[0]
        feeds[0].name, feeds[0].top[:] = parts[0], parts
        feeds[0].input_param.shape[0].dim[:] = shape
    return fed


def _forget_training(layer: Any, fields: Sequence[str]) -> None:
    """Take out what only a training looks at; names that share parameters stay. Of a layer of a
    type that nobody knows, the settings stay."""
    for name in fields:
        layer.ClearField(name)
    if fields is OF_UNKNOWN:
        return
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
