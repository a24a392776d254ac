"""Forks of V1's days in binary nets: types and messages under numbers of theirs.

A layer alone does not say whose its numbers are, so the whole net is looked at: which of the types
that only one fork has, together with that fork's messages, are in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caffepy.proto import caffe_pb2
from caffepy.proto.varint import LENGTH, VARINT
from caffepy.proto.wirereader import Region

V1 = caffe_pb2.V1LayerParameter
TYPE, CONVOLUTION_PARAM = 5, 10


@dataclass(frozen=True)
class Family:
    """A fork's numbers in V1LayerParameter.

    Attributes:
        types: its value of LayerType, and ours.
        fields: its number of a message, and ours, or (ours, what changes within it).
        signs: pairs of a type and of a field that a layer of it has; one of them tells the fork.
    """

    types: dict[int, int]
    fields: dict[int, Any] = field(default_factory=dict)
    signs: tuple[tuple[int, int], ...] = ()


def _types(**names: int) -> dict[int, int]:
    return {number: V1.LayerType.Value(name) for name, number in names.items()}


def _field(name: str) -> int:
    number: int = V1.DESCRIPTOR.fields_by_name[name].number
    return number


def named(message: str, fields: dict[int, str]) -> dict[int, Any]:
    """Our numbers for a fork's numbers of fields, given by name."""
    ours = getattr(caffe_pb2, message).DESCRIPTOR.fields_by_name
    return {number: ours[name].number for number, name in fields.items()}


C3D = Family(
    _types(CONVOLUTION3D=30, POOLING3D=31, VOLUME_DATA=32, VIDEO_DATA=33, DECONVOLUTION3D=34,
           VIDEO_SEGMENTATION_DATA=35, VOXEL_SOFTMAX=36, VOXEL_SOFTMAX_LOSS=37,
           VIDEO_WITH_VOXEL_TRUTH_DATA=38, VOXEL_CUSTOM_LOSS=39, DOWN_SAMPLING=40,
           ELTWISE_PRODUCT=25),
    {
        23: _field("down_sampling_param"),
        10: (10, named("ConvolutionParameter", {
            6: "kernel_depth", 7: "stride", 8: "temporal_stride", 9: "weight_filler",
            10: "bias_filler", 11: "filter_group", 12: "temporal_pad"})),
        19: (19, named("PoolingParameter", {5: "kernel_depth", 6: "temporal_stride"})),
        15: (15, named("ImageDataParameter", {
            11: "new_length", 12: "show_data", 13: "use_image", 14: "sampling_rate",
            15: "use_label", 16: "use_temporal_jitter", 17: "mean_value",
            18: "num_truth_channels", 19: "use_byte_input", 20: "is_flow", 21: "truth_scale",
            22: "clip_min", 23: "clip_max"})),
    },
    ((30, CONVOLUTION_PARAM),),
)
DECONVNET = Family(
    _types(CROP=40, ELTWISE_ACCURACY=41, UNPOOLING=42, BN=43, RED_SOFTMAX_LOSS=44, RED_ACCURACY=45,
           IMAGE_SEG_DATA=46, WINDOW_SEG_DATA=47, WINDOW_INST_SEG_DATA=48, BIN_ACCURACY=49,
           WINDOW_CLS_DATA=50),
    {
        43: _field("eltwise_accuracy_param"), 44: _field("unpooling_param"),
        45: (_field("bn_param"), named("BNParameter", {
            1: "scale_filler", 2: "shift_filler", 3: "bn_mode"})),
        46: _field("red_softmax_loss_param"), 47: _field("red_accuracy_param"),
        48: _field("binary_accuracy_param"),
    },
    ((42, 44), (43, 45), (43, 6)),
)
DEEPLAB = Family(
    _types(IMAGE_SEG_DATA=39, SEG_ACCURACY=40, INTERP=41, PADDING=42, MAT_WRITE=43, MAT_READ=44,
           DENSE_CRF=45, DOMINANT_CHANNEL=46, BIAS_CHANNEL=47),
    {
        42: _field("seg_accuracy_param"), 43: _field("interp_param"),
        44: _field("softmaxloss_param"), 45: _field("padding_param"),
        46: _field("mat_write_param"), 47: _field("mat_read_param"),
        48: _field("dense_crf_param"), 49: _field("dominant_channel_param"),
        50: _field("bias_channel_param"),
    },
    ((41, 43), (40, 42), (43, 46), (42, 45)),
)
FCN = Family(_types(CROP=40))  # Long's and others'


def family_of(net: Region) -> Family:
    """Whose numbers the V1 layers of a net have."""
    pairs: set[tuple[int, int]] = set()
    for layer in net.fields():
        if layer.number != 2 or layer.wire != LENGTH:
            continue
        fields = list(layer.region.fields())
        types = [f.value for f in fields if f.number == TYPE and f.wire == VARINT]
        pairs |= {(type, f.number) for type in types for f in fields}
    return next((family for family in (C3D, DECONVNET, DEEPLAB) if pairs & set(family.signs)), FCN)
