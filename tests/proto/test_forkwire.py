"""Binary nets of forks: what a number means is the layer's type's to say."""

import pytest

from caffepy.core import upgrade
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2, fork_words, text, wire
from caffepy.proto.forkwire import LATE, NUMBERS, TYPES, fields_of, ours
from caffepy.proto.varint import FIXED32, LENGTH, VARINT, key, varint


def part(number: int, content: bytes) -> bytes:
    return key(number, LENGTH) + varint(len(content)) + content


def number(field: int, value: int) -> bytes:
    return key(field, VARINT) + varint(value)


def real(field: int, value: bytes) -> bytes:
    return key(field, FIXED32) + value


HALF, TENTH = b"\0\0\0\x3f", b"\xcd\xcc\xcc\x3d"
BLOB = caffe_pb2.BlobProto(data=[1, 2, 3], shape=caffe_pb2.BlobShape(dim=[3])).SerializeToString()


def layer(type: str, *fields: bytes) -> bytes:
    return part(100, part(1, b"one") + part(2, type.encode()) + b"".join(fields) + part(7, BLOB))


def read(*layers: bytes) -> caffe_pb2.NetParameter:
    net = caffe_pb2.NetParameter()
    net.ParseFromString(ours(memoryview(b"".join(layers)), "net.caffemodel"))
    for one in (*net.layer, *net.layers):
        assert list(one.blobs[0].data) == [1, 2, 3], "blobs stay as they are"
    return net


def the_only(*layers: bytes) -> caffe_pb2.LayerParameter:
    return read(*layers).layer[0]


def test_one_number_is_what_each_type_makes_of_it():
    net = read(
        layer("PriorBox", part(203, real(1, HALF))),
        layer("TripletLoss", part(203, real(1, HALF))),
        layer("DetectionEvaluate", part(203, number(1, 21))),
        layer("Convolution", part(203, real(1, HALF))),
    )
    assert list(net.layer[0].prior_box_param.min_size) == [0.5]
    assert net.layer[1].triplet_loss_param.margin == 0.5
    assert net.layer[2].detection_evaluate_param.num_classes == 21
    assert [field.name for field, _ in net.layer[3].ListFields()] == ["name", "type", "blobs"]


def test_three_batch_normalizations_of_one_name():
    filler = part(1, b"constant")
    segnet = the_only(layer("BN", part(45, part(1, filler) + part(2, filler) + number(3, 1))))
    assert segnet.bn_param.HasField("scale_filler") and segnet.bn_param.HasField("shift_filler")
    assert segnet.bn_param.bn_mode == caffe_pb2.BNParameter.INFERENCE
    for place in (137, 152, 200, 201):
        tsn = the_only(layer("BN", part(place, part(1, filler) + real(3, HALF) + number(5, 1))))
        assert tsn.bn_param.HasField("slope_filler") and not tsn.bn_param.HasField("scale_filler")
        assert (tsn.bn_param.momentum, tsn.bn_param.frozen) == (0.5, True)


def test_numbers_inside_messages():
    assert the_only(layer("ROIPooling", part(147, real(4, HALF)))).roi_pooling_param.pad_ratio
    intel = the_only(layer("ROIPooling", part(154, number(4, 7) + number(4, 6))))
    assert list(intel.roi_pooling_param.pooled_size) == [7, 6]
    gbd = the_only(layer("Normalize", part(174, number(4, 0) + real(5, TENTH)))).norm_param
    assert gbd.HasField("fix_scale") and gbd.eps == pytest.approx(0.1)
    ssd = the_only(layer("Normalize", part(206, real(4, TENTH)))).norm_param
    assert not ssd.HasField("fix_scale") and ssd.eps == pytest.approx(0.1)
    crnn = the_only(layer("CtcLoss", part(200, number(1, 37) + number(4, 36)))).ctc_loss_param
    assert (crnn.alphabet_size, crnn.blank_label) == (37, 36) and not crnn.HasField("output_delay")
    tsn = the_only(layer("VideoData", part(140, part(1, b"list") + number(13, 1)))).video_data_param
    assert tsn.source == "list" and tsn.modality == caffe_pb2.VideoDataParameter.FLOW
    assert not tsn.HasField("video_type")


def test_changes_deep_within_and_values_of_enums():
    reduction = number(1, 5) + number(4, 3)
    batch = the_only(layer("BatchReduction", part(162, number(1, 2) + part(2, reduction))))
    assert list(batch.batch_reduction_param.level) == [2]
    inner = batch.batch_reduction_param.reduction_param
    assert (inner.operation, inner.k) == (caffe_pb2.ReductionParameter.TOPK, 3)
    fixed = part(101, number(3, 3) + real(4, HALF))
    loss = the_only(layer("SoftmaxWithLossOHEM", fixed)).loss_param
    assert loss.normalization == caffe_pb2.LossParameter.PRE_FIXED
    assert loss.pre_fixed_normalizer == 0.5
    plain = the_only(layer("SoftmaxWithLoss", part(101, number(3, 3)))).loss_param
    assert plain.normalization == caffe_pb2.LossParameter.NONE
    data = the_only(layer("AnnotatedData", part(100, part(8, number(3, 300)) + number(11, 280))))
    assert data.transform_param.resize_param[0].height == 300
    assert data.transform_param.crop_h == 280


def test_fields_that_the_original_gave_away_later_belong_to_one_type():
    """137 is Embed's in the original, yjxiong's BN's and SegNet's Upsample's before."""
    net = read(
        layer("Upsample", part(137, number(1, 2))), layer("Embed", part(137, number(1, 5))),
        layer("Interp", part(143, number(1, 33))), layer("SegAccuracy", part(144, number(2, 255))),
        layer("CTCLoss", part(148, number(2, 9))), layer("CenterLoss", part(147, number(1, 10))),
        layer("ReLU", part(148, number(2, 9))),
    )
    names = [[f.name for f, _ in one.ListFields() if f.name.endswith("_param")]
             for one in net.layer]
    assert names == [["upsample_param"], ["embed_param"], ["interp_param"], ["seg_accuracy_param"],
                     ["ctc_loss_param"], ["center_loss_param"], []]
    assert set(LATE.values()) <= {"Embed", "Tile", "ELU", "Scale", "Input", "Crop", "Parameter",
                                  "Swish", "Clip"}


def test_what_is_not_known_is_kept_and_written_again():
    net = read(layer("Strange", part(777, b"\x0a\x01x")), part(55, b"of the net"))
    again = net.SerializeToString()
    assert part(777, b"\x0a\x01x") in again and part(55, b"of the net") in again
    assert read(again).SerializeToString() == again, "ours are read again as they are"


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_each_field_is_some_type_s(name):
    """The field's name gives the type, or the table of other names does."""
    words = "".join(word.capitalize() for word in name.removesuffix("_param").split("_"))
    types = [t for t in TYPES if name in TYPES[t]]
    spelled = {"bn": "BN", "roi_pooling": "ROIPooling", "psroi_pooling": "PSROIPooling",
               "relu6": "ReLU6", "ctc_loss": "CTCLoss", "smooth_l1_loss": "SmoothL1Loss",
               "box_annotator_ohem": "BoxAnnotatorOHEM"}
    types.append(spelled.get(name.removesuffix("_param"), words))
    assert any(name in fields_of(type) for type in types), types
    for given in NUMBERS[name]:
        assert given < fork_words.FIRST or given > 8_000_000


def test_damage_is_told_by_file_and_byte():
    whole = layer("PriorBox", part(203, real(1, HALF)))
    with pytest.raises(DataError, match=r"net\.caffemodel: byte "):
        ours(memoryview(whole[:-2]), "net.caffemodel")


def v1(type: int, *fields: bytes) -> bytes:
    return part(2, part(4, b"one") + number(5, type) + b"".join(fields) + part(6, BLOB))


def v1_names(net: caffe_pb2.NetParameter) -> list[str]:
    return [caffe_pb2.V1LayerParameter.LayerType.Name(one.type) for one in net.layers]


def test_forks_of_v1_are_told_apart_by_the_whole_net():
    deconvnet = read(v1(43, part(45, number(3, 1))), v1(42, part(44, number(2, 2))), v1(40))
    assert v1_names(deconvnet) == ["BN", "UNPOOLING", "CROP"]
    assert deconvnet.layers[0].bn_param.bn_mode == caffe_pb2.BNParameter.INFERENCE
    assert deconvnet.layers[1].unpooling_param.kernel_size == 2
    deeplab = read(v1(39), v1(41, part(43, number(1, 321))), v1(40, part(42, number(2, 255))))
    assert v1_names(deeplab) == ["IMAGE_SEG_DATA", "INTERP", "SEG_ACCURACY"]
    assert deeplab.layers[1].interp_param.height == 321
    fcn = read(v1(39, part(10, number(1, 21))), v1(40))
    assert v1_names(fcn) == ["DECONVOLUTION", "CROP"]
    conv = number(4, 3) + number(6, 5) + number(7, 2)
    c3d = read(v1(30, part(10, conv)), v1(31, part(19, number(2, 2) + number(5, 1))))
    assert v1_names(c3d) == ["CONVOLUTION3D", "POOLING3D"]
    p = c3d.layers[0].convolution_param
    assert (list(p.kernel_size), p.kernel_depth, list(p.stride)) == ([3], 5, [2])
    assert c3d.layers[1].pooling_param.kernel_depth == 1


def test_a_binary_net_of_a_fork_comes_up_to_date_and_goes_on_disk(tmp_path):
    path, saved = tmp_path / "ssd.caffemodel", tmp_path / "saved.caffemodel"
    path.write_bytes(part(1, b"ssd") + layer("Permute", part(202, number(1, 0) + number(1, 2)))
                     + layer("Other", part(999, b"x")))
    net = upgrade.read_net_param_binary(path)
    assert list(net.layer[0].permute_param.order) == [0, 2]
    wire.write_net(saved, net, [[wire.blob_to_array(one.blobs[0])] for one in net.layer])
    again = upgrade.read_net_param_binary(saved)
    assert again == net and part(999, b"x") in saved.read_bytes()
    assert "permute_param" in text.to_text(again)
    weights = wire.read_net(saved)
    assert [one.type for one in weights.layers] == ["Permute", "Other"]
