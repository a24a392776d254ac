"""The graph of a net, as pure functions on NetParameter: which layers are in, who reads what.

    net = filter_net(net, state)     # layers whose include and exclude rules fit the state
    net = insert_splits(net)         # a Split layer wherever a blob has several readers

Both expect the current format (caffepy.core.upgrade) and return a new message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from caffepy import log
from caffepy.core import left_out
from caffepy.errors import ConfigError, NotFound, did_you_mean
from caffepy.proto import caffe_pb2
from caffepy.proto.text import Source

logger = log.get(__name__)

Top = tuple[int, int]  # the layer's index, and the top's index in the layer


def filter_net(
    param: caffe_pb2.NetParameter, state: caffe_pb2.NetState, source: Source | None = None
) -> caffe_pb2.NetParameter:
    """The net without the layers that its rules leave out in this state.

    A layer with ``include`` rules is in if one of them is met, a layer with ``exclude`` rules if
    none is. Every rule that is not met is logged, in the original's words.

    Args:
        source: where the net is written, for errors.

    Raises:
        ConfigError: a layer has include and exclude rules.
    """
    filtered = _without_layers(param)
    for layer in param.layer:
        if layer.include and layer.exclude:
            raise ConfigError(
                "Specify either include rules or exclude rules; not both",
                where=_where(layer, source),
            )
        rules = layer.include or layer.exclude
        met = any(meets_rule(state, rule, layer.name) for rule in rules)
        if met == bool(layer.include):
            filtered.layer.add().CopyFrom(layer)
    return filtered


def meets_rule(state: caffe_pb2.NetState, rule: caffe_pb2.NetStateRule, layer_name: str) -> bool:
    """Does the state meet all parts of the rule? Logs the first part it does not."""
    reason = next((words for _, _, words in left_out.broken_parts(state, rule)), None)
    if reason:
        logger.info("The NetState %s specified by a rule in layer %s", reason, layer_name)
    return reason is None


def insert_splits(
    param: caffe_pb2.NetParameter, source: Source | None = None,
    whole: caffe_pb2.NetParameter | None = None, label: str = "net",
) -> caffe_pb2.NetParameter:
    """The net with a Split layer after every top that has more than one reader.

    A top that counts in the loss is read once more, by the loss: its weight moves to the first top
    of the split. An in-place layer takes the blob over: who reads the name after it reads its top.
    A net that has its splits is returned as it is.

    Names are the original's: layer ``<blob>_<layer>_<top index>_split``, tops ``<that>_<k>``.

    Args:
        source: where the net is written, for errors.
        whole: the net before ``filter_net``, for errors.
        label: what the net is to its owner, for errors.

    Raises:
        NotFound: a bottom that no layer before makes.
    """
    read = read_tops(param, source, whole or param, label)
    readers = Counter(top for tops in read for top in tops)
    for i, layer in enumerate(param.layer):
        weights = list(layer.loss_weight)[: len(layer.top)]
        readers.update((i, j) for j, weight in enumerate(weights) if weight)

    split = _without_layers(param)
    used: Counter[Top] = Counter()  # how many tops of each split have a reader by now
    for i, layer in enumerate(param.layer):
        copy = split.layer.add()
        copy.CopyFrom(layer)
        for j, top in enumerate(read[i]):
            if readers[top] > 1:
                maker = param.layer[top[0]].name
                copy.bottom[j] = split_blob_name(maker, layer.bottom[j], top[1], used[top])
                used[top] += 1
        for j in range(len(layer.top)):
            if readers[i, j] > 1:
                used[i, j] += _add_split(split, copy, j, readers[i, j])
    return split


def without_splits(param: caffe_pb2.NetParameter) -> caffe_pb2.NetParameter:
    """The net without the splits that ``insert_splits`` put in, as in a caffemodel: all readers of
    a blob name it."""
    from caffepy.core import traits

    made = _without_layers(param)
    origin: dict[str, str] = {}
    for layer in param.layer:
        bottoms = [origin.get(bottom, bottom) for bottom in layer.bottom]
        if traits.of(layer).splits and layer.name.endswith("_split"):
            origin.update(dict.fromkeys(layer.top, bottoms[0]))
            continue
        kept = made.layer.add()
        kept.CopyFrom(layer)
        kept.bottom[:] = bottoms
        for top in layer.top:
            origin.pop(top, None)
    return made


def _add_split(
    split: caffe_pb2.NetParameter, layer: caffe_pb2.LayerParameter, j: int, count: int
) -> int:
    """Put the split of top j after ``layer``; returns how many of its tops the loss takes."""
    blob = layer.top[j]
    added = split.layer.add()
    added.CopyFrom(split_layer(
        split_layer_name(layer.name, blob, j), blob,
        [split_blob_name(layer.name, blob, j, k) for k in range(count)]))
    weight = layer.loss_weight[j] if j < len(layer.loss_weight) else 0
    if not weight:
        return 0
    added.loss_weight.extend([weight] + [0] * (count - 1))
    # The original clears all weights of the layer: other tops lose theirs, and a loss layer without
    # any falls back to 1 and is counted twice. A zero says what is meant.
    layer.loss_weight[j] = 0
    return 1


def input_layer(
    name: str, tops: Iterable[str], shapes: Iterable[Sequence[int]]
) -> caffe_pb2.LayerParameter:
    """The layer that waits for a script to fill its tops, each of one of the shapes."""
    layer = caffe_pb2.LayerParameter(name=name, type="Input", top=tops)
    for shape in shapes:
        layer.input_param.shape.add(dim=shape)
    return layer


def picking_layer(
    name: str, bottom: str, top: str, strides: Sequence[int]
) -> caffe_pb2.LayerParameter:
    """The layer that takes every so manyth pixel, the first included: the maximum of one each."""
    p = caffe_pb2.PoolingParameter(kernel_size=1, round_mode=caffe_pb2.PoolingParameter.FLOOR)
    if len({*strides}) == 1:
        p.stride = strides[0]
    else:
        p.stride_h, p.stride_w = strides
    return caffe_pb2.LayerParameter(name=name, type="Pooling", bottom=[bottom], top=[top],
                                    pooling_param=p)


def split_layer(name: str, bottom: str, tops: Iterable[str]) -> caffe_pb2.LayerParameter:
    """The layer that hands a blob out under several names."""
    return caffe_pb2.LayerParameter(name=name, type="Split", bottom=[bottom], top=tops)


def split_layer_name(layer_name: str, blob_name: str, top_index: int) -> str:
    """The name of the Split layer for a top."""
    return f"{blob_name}_{layer_name}_{top_index}_split"


def split_blob_name(layer_name: str, blob_name: str, top_index: int, k: int) -> str:
    """The name of top k of that Split layer."""
    return f"{split_layer_name(layer_name, blob_name, top_index)}_{k}"


def read_tops(
    param: caffe_pb2.NetParameter, source: Source | None, whole: caffe_pb2.NetParameter,
    label: str = "",
) -> list[list[Top]]:
    """For each layer and each of its bottoms, the top that it reads."""
    latest: dict[str, Top] = {}
    found: list[list[Top]] = []
    for i, layer in enumerate(param.layer):
        for j, blob in enumerate(layer.bottom):
            if blob not in latest:
                raise _unknown_bottom(param, i, j, latest, source, whole, label)
        found.append([latest[blob] for blob in layer.bottom])
        latest.update((blob, (i, j)) for j, blob in enumerate(layer.top))
    return found


def _unknown_bottom(
    param: caffe_pb2.NetParameter, i: int, j: int, made: dict[str, Top], source: Source | None,
    whole: caffe_pb2.NetParameter, label: str,
) -> NotFound:
    layer = param.layer[i]
    blob = layer.bottom[j]
    later, left = _makers(blob, param.layer[i + 1 :]), _makers(blob, whole.layer)
    fix = did_you_mean(blob, made)
    if later:
        fix = f"It is made by layer '{later[0].name}', which comes later: layers run in file order."
    elif left:
        fix = left_out.explain(blob, left, param.state, label, source)
    elif not made:
        fix = ("No layer before it makes anything: a net to train begins with a data layer (Data, "
               "ImageData, HDF5Data...), one for use with an Input layer.")
    return NotFound(
        f"Unknown bottom blob '{blob}' (layer '{layer.name}', bottom index {j})",
        where=source.where(layer.name) if source else None,
        fix=fix or (f"Blobs made so far: {', '.join(made)}." if made else None),
    )


def _makers(
    blob: str, layers: Sequence[caffe_pb2.LayerParameter]
) -> list[caffe_pb2.LayerParameter]:
    """The layers that make a blob, and do not just work in place on it."""
    return [layer for layer in layers if blob in layer.top and blob not in layer.bottom]


def _where(layer: caffe_pb2.LayerParameter, source: Source | None) -> str:
    place = f"layer '{layer.name}'"
    return f"{source.where(layer.name)}, {place}" if source else place


def _without_layers(param: caffe_pb2.NetParameter) -> caffe_pb2.NetParameter:
    copy = caffe_pb2.NetParameter()
    for field, value in param.ListFields():
        if field.name == "layer":
            continue
        if hasattr(value, "MergeFrom"):  # a message, or a list
            getattr(copy, field.name).MergeFrom(value)
        else:
            setattr(copy, field.name, value)
    return copy
