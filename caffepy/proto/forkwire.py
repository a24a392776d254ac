"""Binary nets of forks: settings of layers that lie under the forks' own field numbers.

Forks took the same numbers for different things, so a number means what the layer's type makes of
it: 203 is the message of PriorBox in a layer of type PriorBox, and nothing in others.

    param.ParseFromString(ours(data, "ssd.caffemodel"))

The fields are copied under our numbers, field by field where the forks' messages have other numbers
inside than ours; blobs are copied as they are. What is not known stays under its number, as an
unknown field, and is written again when the net is saved; where that number means something else
today, it is kept apart (``fork_fields``), and ``theirs`` puts it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from caffepy.proto import caffe_pb2
from caffepy.proto.forkwire_v1 import Family, family_of, named
from caffepy.proto.varint import LENGTH, VARINT, key, varint
from caffepy.proto.wirereader import Field, Region

# a field of LayerParameter: the numbers it has in forks
NUMBERS: dict[str, tuple[int, ...]] = {
    "annotated_data_param": (200,), "multibox_loss_param": (201,), "permute_param": (202, 224),
    "prior_box_param": (203,), "detection_output_param": (204,),
    "detection_evaluate_param": (205, 203, 161), "norm_param": (206, 174),
    "video_data_param": (207, 140), "roi_pooling_param": (8266711, 154, 150, 147, 204),
    "smooth_l1_loss_param": (8266712, 148, 149), "psroi_pooling_param": (10001, 153, 220, 148),
    "box_annotator_ohem_param": (10000, 152), "bn_param": (45, 137, 152, 200, 201, 144),
    "interp_param": (143, 162, 163, 20001), "seg_accuracy_param": (144, 164),
    "upsample_param": (137, 150, 177), "unpooling_param": (44,), "dense_image_data_param": (138,),
    "shuffle_channel_param": (164, 166), "relu6_param": (211,),
    "reorg_param": (149, 159, 147, 197), "region_loss_param": (600, 209, 202),
    "yolo_detection_output_param": (601,), "yolov3_detection_output_param": (602,),
    "yolov3_param": (603,), "yolo_seg_param": (604,), "segmentation_evaluate_param": (605,),
    "ctc_loss_param": (148, 200, 159, 152), "ctc_decoder_param": (149,),
    "reverse_param": (147, 143, 160, 151), "transpose_param": (142, 8266710, 150),
    "lstm_param": (201, 140, 8266711, 148), "continuation_indicator_param": (201, 200, 153),
    "center_loss_param": (147, 211), "margin_inner_product_param": (147, 232),
    "largemargin_inner_product_param": (202, 227), "triplet_loss_param": (203,),
    "flip_param": (212,), "normalize_param": (214,), "proposal_param": (219, 212),
    "focal_loss_param": (235, 1124), "channel_scale_param": (237,),
    "label_specific_add_param": (241,), "batch_reduction_param": (162,),
    "augmentation_param": (149,), "correlation_param": (150,), "l1_loss_param": (151,),
    "writer_param": (152,), "reader_param": (153,), "mean_param": (154,),
    "resample_param": (155,), "downsample_param": (156,), "lpq_loss_param": (158,),
    "flow_warp_param": (159,), "accum_param": (160,), "black_augmentation_param": (161,),
    "spatial_dropout_param": (155,), "hard_sigmoid_param": (258,), "split_param": (147, 208),
    "detection_loss_param": (149, 201), "box_output_param": (151,),
    "roi_align_param": (247,), "labelsequence_accuracy_param": (154,),
}  # fmt: skip

# messages of a type that are not called after it
TYPES: dict[str, tuple[str, ...]] = {
    "Normalize": ("norm_param", "normalize_param"), "MultiBoxLoss": ("multibox_loss_param",),
    "ROIAlign": ("roi_pooling_param", "roi_align_param"), "Lstm": ("lstm_param",),
    "CtcLoss": ("ctc_loss_param",), "WarpCTCLoss": ("ctc_loss_param",),
    "CTCGreedyDecoder": ("ctc_decoder_param",), "ReLU6": ("relu6_param",),
    "LargeMarginInnerProduct": ("largemargin_inner_product_param",),
    "DataAugmentation": ("augmentation_param",), "FlowAugmentation": ("augmentation_param",),
    "GenerateAugmentationParameters": ("augmentation_param",), "FLOWriter": ("writer_param",),
    "ImgWriter": ("writer_param",), "FLOReader": ("reader_param",), "ImgReader": ("reader_param",),
    "Correlation1D": ("correlation_param",), "UpsampleDarknet": ("upsample_darknet_param",),
}  # fmt: skip

Inside = dict[int, Any]  # a number inside a message: ours, or (ours, what lies within it)

# where the numbers inside a fork's message are not ours: by field and the fork's number of it
CRNN = named("CTCLossParameter", {1: "alphabet_size", 3: "time_step", 4: "blank_label"})
TSN = dict(enumerate(
    ("source", "scale", "mean_file", "batch_size", "crop_size", "mirror", "rand_skip", "shuffle",
     "new_height", "new_width", "new_length", "num_segments", "modality", "name_pattern",
     "encoded", "grayscale"), 1))
YOLO_V1 = dict(enumerate(
    ("side", "num_class", "num_object", "object_scale", "noobject_scale", "class_scale",
     "coord_scale", "sqrt", "constriant"), 1))
INSIDE: dict[tuple[str, int], Inside] = {
    ("bn_param", 45): named("BNParameter", {1: "scale_filler", 2: "shift_filler", 3: "bn_mode"}),
    ("norm_param", 174): named("NormalizeParameter", {4: "fix_scale", 5: "eps"}),
    ("detection_evaluate_param", 161): named("DetectionEvaluateParameter", {
        2: "overlap_threshold", 3: "evaluate_difficult_gt", 4: "name_size_file"}),
    ("roi_pooling_param", 154): named("ROIPoolingParameter", {4: "pooled_size"}),
    ("video_data_param", 140): named("VideoDataParameter", TSN),
    ("proposal_param", 212): named("ProposalParameter", {
        2: "anchor_base_size", 3: "anchor_scale", 4: "anchor_ratio", 5: "max_rois"}),
    ("ctc_loss_param", 200): CRNN,
    ("ctc_loss_param", 159): CRNN,
    ("ctc_loss_param", 152): CRNN,
    ("detection_loss_param", 201): named("DetectionLossParameter", YOLO_V1),
    ("interp_param", 20001): named("InterpParameter", {7: "use_blob_size"}),
    ("interp_param", 163): named("InterpParameter", {7: "full_zoom_factor"}),
    ("batch_reduction_param", 162): {2: (2, {
        1: (1, {5: caffe_pb2.ReductionParameter.TOPK}), **named("ReductionParameter", {4: "k"})})},
}
# the same for messages that the original has, too, in layers of these types
SSD_TRANSFORM: Inside = {100: (100, named("TransformationParameter", {
    8: "resize_param", 9: "noise_param", 10: "emit_constraint", 11: "crop_h", 12: "crop_w",
    13: "distort_param", 14: "expand_param", 15: "random_resize_param",
    16: "random_aspect_ratio_param", 17: "flow"}))}
OHEM_LOSS: Inside = {101: (101, {
    3: (3, {3: caffe_pb2.LossParameter.PRE_FIXED}),
    **named("LossParameter", {4: "pre_fixed_normalizer"})})}
ORIGINALS: dict[str, Inside] = {
    "AnnotatedData": SSD_TRANSFORM, "VideoData": SSD_TRANSFORM,
    "SoftmaxWithLossOHEM": OHEM_LOSS, "SmoothL1LossOHEM": OHEM_LOSS,
}
# numbers that the original gave away later than forks, and the one type that has it there
LATE = {137: "Embed", 138: "Tile", 140: "ELU", 142: "Scale", 143: "Input", 144: "Crop",
        145: "Parameter", 147: "Swish", 148: "Clip"}  # fmt: skip

LAYER = caffe_pb2.NetParameter.DESCRIPTOR.fields_by_name["layer"].number
FIELDS = caffe_pb2.LayerParameter.DESCRIPTOR.fields_by_name
Chunk = bytes | memoryview


def ours(data: memoryview, path: str) -> bytes:
    """The bytes of a NetParameter with what forks have in its layers under our numbers.

    Raises:
        DataError: damaged bytes.
    """
    region = Region.whole(data, path)
    layers = {2: _old_layers(region), LAYER: _layer}
    chunks: list[Chunk] = []
    for field in region.fields():
        change = layers.get(field.number) if field.wire == LENGTH else None
        chunks += _wrapped(field.number, change(field.region)) if change else [_raw(field)]
    return b"".join(chunks)


def theirs(data: bytes) -> bytes:
    """The bytes of a NetParameter of ours, with ``fork_fields`` where they were."""
    region = Region.whole(memoryview(data), "net")
    chunks: list[Chunk] = []
    for field in region.fields():
        layer = field.number == LAYER and field.wire == LENGTH
        chunks += _wrapped(LAYER, _without_late(field.region)) if layer else [_raw(field)]
    return b"".join(chunks)


def _without_late(region: Region) -> Iterator[Chunk]:
    for field in region.fields():
        late = field.number == FIELDS["fork_fields"].number
        yield field.region.bytes() if late else _raw(field)


def fields_of(type: str) -> tuple[str, ...]:
    """The fields of LayerParameter with the messages of forks that a layer type has."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type).lower()
    names = TYPES.get(type, (f"{words}_param",))
    return tuple(name for name in names if name in NUMBERS)


def _layer(region: Region) -> Iterator[Chunk]:
    fields = list(region.fields())
    type = next((f.region.text() for f in fields if f.number == 2 and f.wire == LENGTH), "")
    known = {number: name for name in reversed(fields_of(type)) for number in NUMBERS[name]}
    originals = ORIGINALS.get(type, {})
    late: list[Chunk] = []
    for field in fields:
        name = known.get(field.number) if field.wire == LENGTH else None
        if name:
            inside = INSIDE.get((name, field.number), {})
            yield from _wrapped(FIELDS[name].number, _inside(field.region, inside))
        elif field.number in originals and field.wire == LENGTH:
            yield from _inside_of(field, originals[field.number])
        elif LATE.get(field.number, type) == type:
            yield _raw(field)
        else:
            late.append(_raw(field))
    if late:
        yield from _wrapped(FIELDS["fork_fields"].number, iter(late))


def _old_layers(region: Region) -> Any:
    """What changes the V1 layers of a net: forks of that age are told apart by the whole net."""
    family: Family | None = None

    def change(layer: Region) -> Iterator[Chunk]:
        nonlocal family
        if family is None:
            family = family_of(region)
        for field in layer.fields():
            if field.number == 5 and field.wire == VARINT:
                yield key(5, VARINT) + varint(family.types.get(field.value, field.value))
            elif field.number in family.fields and field.wire == LENGTH:
                yield from _inside_of(field, family.fields[field.number])
            else:
                yield _raw(field)

    return change


def _inside(region: Region, inside: Inside) -> Iterator[Chunk]:
    if not inside:
        yield region.bytes()
        return
    for field in region.fields():
        yield from _inside_of(field, inside.get(field.number, field.number))


def _inside_of(field: Field, change: Any) -> Iterator[Chunk]:
    """One field, under another number; in a message numbers change, in an enum values."""
    number, within = change if isinstance(change, tuple) else (change, {})
    if field.wire == LENGTH and within:
        yield from _wrapped(number, _inside(field.region, within))
    elif field.wire == VARINT:
        yield key(number, VARINT) + varint(within.get(field.value, field.value))
    else:
        yield key(number, field.wire)
        at = field.value_at if field.wire != LENGTH else None
        if at is None:
            yield varint(field.end - field.value_at)
        yield field.outer.data[field.value_at : field.end]


def _wrapped(number: int, chunks: Iterator[Chunk]) -> list[Chunk]:
    parts = list(chunks)
    return [key(number, LENGTH), varint(sum(len(part) for part in parts)), *parts]


def _raw(field: Field) -> memoryview:
    return field.outer.data[field.start : field.end]
