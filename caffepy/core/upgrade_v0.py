"""The first format: ``layers { layer { type: "conv" kernelsize: 5 ... } bottom: ... top: ... }``.

All settings of all types lay in one message. Padding was a layer of its own, and moves into the
convolution or pooling that reads it.
"""

from __future__ import annotations

from google.protobuf.message import Message

from caffepy.core import registry
from caffepy.errors import ConfigError, did_you_mean
from caffepy.proto import caffe_pb2
from caffepy.proto.descriptors import is_repeated

PADDED = ("conv", "pool")
DATA = ("data", "hdf5_data", "images", "window_data")
LEARNED = ("conv", "innerproduct")

# a setting of V0: its name in the type's own message, and the types that have it
SETTINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "num_output": ("num_output", LEARNED),
    "biasterm": ("bias_term", LEARNED),
    "weight_filler": ("weight_filler", LEARNED),
    "bias_filler": ("bias_filler", LEARNED),
    "pad": ("pad", PADDED),
    "kernelsize": ("kernel_size", PADDED),
    "stride": ("stride", PADDED),
    "group": ("group", ("conv",)),
    "pool": ("pool", ("pool",)),
    "dropout_ratio": ("dropout_ratio", ("dropout",)),
    "local_size": ("local_size", ("lrn",)),
    "alpha": ("alpha", ("lrn",)),
    "beta": ("beta", ("lrn",)),
    "k": ("k", ("lrn",)),
    "source": ("source", (*DATA, "infogain_loss")),
    "batchsize": ("batch_size", DATA),
    "rand_skip": ("rand_skip", ("data", "images")),
    "shuffle_images": ("shuffle", ("images",)),
    "new_height": ("new_height", ("images",)),
    "new_width": ("new_width", ("images",)),
    "concat_dim": ("concat_dim", ("concat",)),
    "det_fg_threshold": ("fg_threshold", ("window_data",)),
    "det_bg_threshold": ("bg_threshold", ("window_data",)),
    "det_fg_fraction": ("fg_fraction", ("window_data",)),
    "det_context_pad": ("context_pad", ("window_data",)),
    "det_crop_mode": ("crop_mode", ("window_data",)),
}
TRANSFORM = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}
SAME = ("name", "blobs", "blobs_lr", "weight_decay", "hdf5_output_param")


def upgrade(param: caffe_pb2.NetParameter) -> list[str]:
    """Bring the V0 layers of a net to V1, in place.

    Returns: settings that do not belong to their layer's type, one sentence each; they are lost.

    Raises:
        ConfigError: a type that nobody knows; padding before a layer that cannot pad.
    """
    _merge_padding(param)
    problems: list[str] = []
    upgraded = [_upgrade_layer(old, problems) for old in param.layers]
    param.ClearField("layers")
    param.layers.extend(upgraded)
    return problems


def _merge_padding(param: caffe_pb2.NetParameter) -> None:
    makers: dict[str, caffe_pb2.V1LayerParameter] = {}
    kept = []
    for layer in param.layers:
        padding = [makers[b] for b in layer.bottom if b in makers and _is_padding(makers[b])]
        if padding:
            if layer.layer.type not in PADDED or len(layer.bottom) != 1:
                raise ConfigError(
                    "a padding layer can only feed a convolution or a pooling, as its one bottom",
                    where=f"layer '{layer.layer.name}'",
                    found=layer.layer.type,
                )
            if len(padding[0].bottom) != 1:
                raise ConfigError("a padding layer takes one bottom",
                                  where=f"layer '{padding[0].layer.name}'",
                                  found=len(padding[0].bottom))
            layer.layer.pad = padding[0].layer.pad
            layer.bottom[0] = padding[0].bottom[0]
        makers.update((top, layer) for top in layer.top)
        if not _is_padding(layer):
            kept.append(layer)
    param.ClearField("layers")
    param.layers.extend(kept)


def _is_padding(layer: caffe_pb2.V1LayerParameter) -> bool:
    return layer.layer.type == "padding"


def _upgrade_layer(
    old: caffe_pb2.V1LayerParameter, problems: list[str]
) -> caffe_pb2.V1LayerParameter:
    new = caffe_pb2.V1LayerParameter()
    new.CopyFrom(old)
    if not old.HasField("layer"):
        return new
    new.ClearField("layer")
    entry = _entry(old.layer) if old.layer.HasField("type") else None
    if entry and entry.v1:
        new.type = caffe_pb2.V1LayerParameter.LayerType.Value(entry.v1)
    for field, value in old.layer.ListFields():
        name, kind = field.name, old.layer.type
        renamed, kinds = SETTINGS.get(name, (name, ()))
        if name in SAME:
            _put(new, name, value)
        elif name in TRANSFORM:
            setattr(new.transform_param, TRANSFORM[name], value)
        elif kind in kinds and entry and entry.param:
            _put(getattr(new, entry.param), renamed, value)
        elif name != "type":
            problems.append(f"Unknown parameter {name} for layer type {kind}")
    return new


def _entry(layer: caffe_pb2.V0LayerParameter) -> registry.Entry:
    known = {entry.v0: entry for entry in registry.entries() if entry.v0}
    if layer.type not in known:
        old = next((e.v0 for e in known.values() if e.type == layer.type), None)
        raise ConfigError(
            f"Unknown layer type: {layer.type} (in the V0 format)",
            where=f"layer '{layer.name}'",
            fix=f'Write "{old}", its name in that format.' if old
            else did_you_mean(layer.type, known),
        )
    return known[layer.type]


def _put(message: Message, name: str, value: object) -> None:
    """Set a field from one of V0, where sizes are one number and are a list now."""
    if hasattr(value, "MergeFrom"):  # a message, or a list
        getattr(message, name).MergeFrom(value)
    elif is_repeated(message.DESCRIPTOR.fields_by_name[name]):
        getattr(message, name).append(value)
    else:
        setattr(message, name, value)
