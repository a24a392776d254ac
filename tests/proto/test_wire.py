"""Weights in and out: equal to what protobuf makes of the same messages, and safe on any bytes."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffepy.errors import CaffeError, DataError, NotFound
from caffepy.proto import blobs, caffe_pb2, wire
from caffepy.proto.varint import LENGTH, key, varint
from caffepy.proto.wirereader import Region

LENET = Path(__file__).parent.parent / "reference" / "lenet_init.caffemodel"
RNG = np.random.default_rng(1701)


def floats(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return RNG.standard_normal(shape).astype(dtype)


def put(tmp_path: Path, message) -> Path:
    path = tmp_path / "file"
    data = message if isinstance(message, bytes) else message.SerializeToString()
    path.write_bytes(data)
    return path


def field(number: int, payload: bytes) -> bytes:
    return key(number, LENGTH) + varint(len(payload)) + payload


def layer_file(tmp_path: Path, blob: bytes) -> Path:
    """A caffemodel with one layer "x" with one blob of these bytes."""
    return put(tmp_path, field(100, field(1, b"x") + field(7, blob)))


# reading


def test_the_recorded_lenet():
    weights = wire.read_net(LENET)
    net = caffe_pb2.NetParameter.FromString(LENET.read_bytes())
    assert weights.name == net.name
    assert [(x.name, x.type) for x in weights.layers] == [(x.name, x.type) for x in net.layer]
    assert [b.shape for b in weights.blobs("conv2")] == [(50, 20, 5, 5), (50,)]
    for got, layer in zip(weights.layers, net.layer, strict=True):
        for array, blob in zip(got.blobs, layer.blobs, strict=True):
            assert array.dtype == np.float32 and array.flags.writeable and array.flags.aligned
            np.testing.assert_array_equal(array.ravel(), blob.data)
        assert got.diffs == [None] * len(layer.blobs)


def test_formats_of_all_ages(tmp_path):
    net = caffe_pb2.NetParameter(name="all")
    v1 = net.layers.add(name="v1", type=4)
    v1.blobs.add(num=1, channels=2, height=1, width=1, data=[1, 2])
    v0 = net.layers.add(bottom=["x"])
    v0.layer.name, v0.layer.type = "v0", "conv"
    v0.layer.blobs.add(num=1, height=3, channels=1, width=1, data=[3, 4, 5])
    odd = net.layers.add(name="odd", type=4).SerializeToString().replace(b"\x28\x04", b"\x28\x63")
    net.layers[2].ParseFromString(odd)  # a fork's enum value
    net.layer.add(name="v2", type="Bias").blobs.add(shape={"dim": [2]}, data=[6, 7])
    weights = wire.read_net(put(tmp_path, net))
    kinds = [(x.name, x.type) for x in weights.layers]
    assert kinds == [("v1", "CONVOLUTION"), ("v0", "conv"), ("odd", "99"), ("v2", "Bias")]
    shapes = [[b.shape for b in x.blobs] for x in weights.layers]
    assert shapes == [[(1, 2, 1, 1)], [(1, 1, 3, 1)], [], [(2,)]]
    assert weights.blobs("v0")[0].ravel().tolist() == [3, 4, 5]


def test_the_four_axes_win_over_shape_and_default_to_0(tmp_path):
    axes = {"num": 2, "channels": 1, "height": 1, "width": 1}
    blob = caffe_pb2.BlobProto(**axes, data=[1, 2], shape={"dim": [2]})
    assert wire.blob_to_array(blob).shape == (2, 1, 1, 1)
    with pytest.raises(DataError, match="shape 2x0x0x0 holds 2 values"):
        wire.blob_to_array(caffe_pb2.BlobProto(num=2, data=[1, 2]))


def test_unpacked_values(tmp_path):
    """As files were before packed fields: a tag before each value, runs broken by other fields."""
    values = floats(200_000)
    records = np.zeros(len(values), [("tag", "u1"), ("value", "<f4")])
    records["tag"], records["value"] = 5 << 3 | 5, values
    axes = b"".join(key(n, 0) + varint(v) for n, v in ((1, 1), (2, 1), (3, 1), (4, len(values))))
    half = records.tobytes()[: 5 * 70_000]
    data = half + axes + records.tobytes()[len(half) :]
    np.testing.assert_array_equal(wire.read_blob(put(tmp_path, data)).ravel(), values)
    assert caffe_pb2.BlobProto.FromString(data).data[-1] == values[-1]


def test_packed_values_in_pieces():
    a, b = floats(3), floats(2)
    data = field(5, a.tobytes()) + field(5, b.tobytes()) + field(7, field(1, bytes([5])))
    message = caffe_pb2.BlobProto.FromString(data)
    np.testing.assert_array_equal(wire.blob_to_array(message), [*a, *b])
    region = Region.whole(memoryview(data), "x")
    np.testing.assert_array_equal(blobs.take_blob(region)[0], [*a, *b])


def test_doubles_and_diffs(tmp_path):
    blob = caffe_pb2.BlobProto(shape={"dim": [2]}, double_data=[0.1, 0.2], diff=[3, 4], data=[9, 9])
    net = caffe_pb2.NetParameter(layer=[{"name": "x", "blobs": [blob]}])
    (layer,) = wire.read_net(put(tmp_path, net)).layers
    assert layer.blobs[0].dtype == np.float64 and layer.blobs[0].tolist() == [0.1, 0.2]
    assert layer.diffs[0].dtype == np.float32 and layer.diffs[0].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("code", "dtype", "out"),
    [(0, "<f8", "f8"), (1, "<f4", "f4"), (2, "<f2", "f4"), (3, "<i4", "f4"), (4, "<u4", "f4")],
)
def test_raw_data_of_the_nvidia_fork(tmp_path, code, dtype, out):
    raw = np.array([[1, 2, 3]], dtype)
    blob = field(7, field(1, bytes([1, 3]))) + key(10, 0) + bytes([code]) + field(12, raw.tobytes())
    blob += key(11, 0) + bytes([code]) + field(13, (2 * raw).tobytes())
    (layer,) = wire.read_net(layer_file(tmp_path, blob)).layers
    assert layer.blobs[0].dtype == out and layer.blobs[0].tolist() == [[1, 2, 3]]
    assert layer.diffs[0].tolist() == [[2, 4, 6]]


def test_fields_of_forks_are_stepped_over(tmp_path):
    """Numbers that mean something else elsewhere, unknown ones, and groups."""
    group = key(9000, 3) + key(9001, 3) + key(1, 0) + b"\5" + key(9001, 4) + key(9000, 4)
    clip = field(148, b"\x0d\0\0\0\0")  # clip_param without its required max, as other forks write
    blob = field(5, floats(1).tobytes()) + field(99, b"abc") + group
    data = group + field(100, field(1, b"x") + clip + group + field(7, blob)) + field(2000, b"z")
    weights = wire.read_net(put(tmp_path, data))
    assert [b.shape for b in weights.blobs("x")] == [()]


def test_names_that_are_not_utf8_and_missing_layers(tmp_path):
    weights = wire.read_net(put(tmp_path, field(100, field(1, b"caf\xe9"))))
    assert weights.layers[0].name == "caf\\xe9"
    with pytest.raises(DataError, match="no layer 'conv3' in these weights. Did you mean conv1?"):
        wire.read_net(LENET).blobs("conv3")


def test_of_layers_with_one_name_the_last_counts(tmp_path):
    net = caffe_pb2.NetParameter()
    for value in (1, 2):
        net.layer.add(name="x").blobs.add(shape={"dim": [1]}, data=[value])
    assert wire.read_net(put(tmp_path, net)).blobs("x")[0] == 2


# writing


def filled(dtype: type = np.float32, diffs: bool = False):
    """A net, its arrays, and the same net with the arrays in its messages."""
    net = caffe_pb2.NetParameter(name="n", force_backward=True, state={"phase": "TEST"})
    net.layer.add(name="data", type="Input", top=["data"], input_param={"shape": [{"dim": [1]}]})
    net.layer.add(
        name="ip", type="InnerProduct", bottom=["data"], top=["ip"], loss_weight=[0.5],
        param=[{"lr_mult": 2}], include=[{"phase": "TEST"}], propagate_down=[True],
        inner_product_param={"num_output": 300}, phase="TEST",
    )  # fmt: skip
    net.layer.add(name="s", type="Scale")
    values = [[], [floats(300, 7, dtype=dtype), floats(300, dtype=dtype)],
              [np.zeros((), dtype), np.zeros((0, 3), dtype)]]  # fmt: skip
    gradients = [[2 * array for array in arrays] for arrays in values]
    full = caffe_pb2.NetParameter()
    full.CopyFrom(net)
    prefix = "double_" if dtype == np.float64 else ""
    for layer, arrays, grads in zip(full.layer, values, gradients, strict=True):
        for array, grad in zip(arrays, grads, strict=True):
            blob = layer.blobs.add()
            blob.shape.dim.extend(array.shape) if array.shape else None
            getattr(blob, prefix + "data").extend(array.ravel().tolist())
            if diffs:
                getattr(blob, prefix + "diff").extend(grad.ravel().tolist())
    return net, values, gradients if diffs else None, full


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("diffs", [False, True])
def test_written_bytes_are_those_of_protobuf(dtype, diffs, tmp_path):
    net, values, gradients, full = filled(dtype, diffs)
    before = net.SerializeToString()
    target = io.BytesIO()
    wire.write_net(target, net, values, gradients)
    assert target.getvalue() == full.SerializeToString()
    assert net.SerializeToString() == before
    wire.write_net(tmp_path / "a.caffemodel", full, values, gradients)  # its own blobs: ignored
    assert (tmp_path / "a.caffemodel").read_bytes() == target.getvalue()
    read = wire.read_net(tmp_path / "a.caffemodel")
    for layer, arrays in zip(read.layers, values, strict=True):
        for got, array in zip(layer.blobs, arrays, strict=True):
            assert got.shape == array.shape
            assert got.dtype == array.dtype or not array.size  # no values: no type on the wire
            np.testing.assert_array_equal(got, array)


def test_the_recorded_lenet_comes_back_byte_for_byte():
    net = caffe_pb2.NetParameter.FromString(LENET.read_bytes())
    target = io.BytesIO()
    wire.write_net(target, net, [layer.blobs for layer in wire.read_net(LENET).layers])
    assert target.getvalue() == LENET.read_bytes()


def test_arrays_of_other_types_and_orders_are_written_as_float32():
    array = floats(4, 5, dtype=np.float16).T
    blob = wire.array_to_blob(array)
    assert list(blob.shape.dim) == [5, 4]
    np.testing.assert_array_equal(wire.blob_to_array(blob), array.astype(np.float32))


def test_as_many_lists_of_blobs_as_layers():
    net = caffe_pb2.NetParameter(layer=[{"name": "x"}])
    with pytest.raises(ValueError):
        wire.write_net(io.BytesIO(), net, [])


def test_too_much_for_protobuf_is_refused(tmp_path):
    net = caffe_pb2.NetParameter(layer=[{"name": "x"}])
    nothing = np.broadcast_to(np.float32(0), (1 << 26,))
    many = [np.ascontiguousarray(nothing)] * 8  # one array, 8 times: 2 GB on the wire
    with pytest.raises(DataError, match="too much for one protobuf message .* HDF5"):
        wire.write_net(tmp_path / "big", net, [many])
    assert not (tmp_path / "big").exists()


def test_messages_and_arrays():
    array, diff = floats(2, 3), floats(2, 3)
    given = caffe_pb2.BlobProto(num=5, data=[1])
    assert wire.array_to_blob(array, given, diff) is given
    assert given == caffe_pb2.BlobProto(
        shape={"dim": [2, 3]}, data=array.ravel().tolist(), diff=diff.ravel().tolist()
    )
    np.testing.assert_array_equal(wire.blob_to_array(given), array)
    np.testing.assert_array_equal(blobs.diff_to_array(given), diff)
    assert blobs.diff_to_array(wire.array_to_blob(array)) is None


def test_mean_files(tmp_path):
    mean = floats(1, 3, 4, 5)
    wire.write_blob(tmp_path / "mean.binaryproto", mean)
    np.testing.assert_array_equal(wire.read_blob(tmp_path / "mean.binaryproto"), mean)


def test_solver_states(tmp_path):
    history = [floats(20, 5), floats(3), floats(1, 1, 2, 2, dtype=np.float64)]
    state = caffe_pb2.SolverState(
        iter=500, learned_net="a.caffemodel", current_step=2, seed=-1, losses=[1, 2],
        layer_state=[{"net": "train", "layer": "data", "position": 64}], smoothed_loss=0.5,
    )  # fmt: skip
    path = tmp_path / "a.solverstate"
    wire.write_state(path, state, history)
    full = caffe_pb2.SolverState()
    full.CopyFrom(state)
    for array in history:
        wire.array_to_blob(array, full.history.add())
    assert path.read_bytes() == full.SerializeToString()
    got, arrays = wire.read_state(path)
    assert got == state
    for array, expected in zip(arrays, history, strict=True):
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


# bytes that are wrong


def test_kinds_are_told_apart(tmp_path):
    state = put(tmp_path, caffe_pb2.SolverState(iter=5, learned_net="x"))
    with pytest.raises(DataError, match=r"file: this is no caffemodel \(found a solverstate file"):
        wire.read_net(state)
    with pytest.raises(DataError, match="this is no solverstate .*found a caffemodel"):
        wire.read_state(LENET)
    with pytest.raises(DataError, match="this is no binaryproto .*found a caffemodel"):
        wire.read_blob(LENET)
    for content, said in [
        (b"", "the file is empty"),
        (b"name: 'x'", "found a prototxt file"),
        (b"\x89HDF\r\n\x1a\n", "found a hdf5 file"),
        (b"well, well", "damaged|no caffemodel"),
        (field(3, b"x"), "no caffemodel"),
    ]:
        with pytest.raises(DataError, match=said):
            wire.read_net(put(tmp_path, content))
    with pytest.raises(NotFound):
        wire.read_net(tmp_path / "nope")


def test_a_file_cut_short_names_the_byte(tmp_path):
    data = LENET.read_bytes()
    with pytest.raises(DataError, match=r"file: byte \d+: field 100 wants \d+ bytes, \d+ are left"):
        wire.read_net(put(tmp_path, data[: len(data) // 2]))


@pytest.mark.parametrize(
    ("blob", "said"),
    [
        (key(5, LENGTH) + varint(1 << 60), "field 5 wants 1152921504606846976 bytes, 0 are left"),
        (field(5, b"12345"), "5 bytes are no whole number of float32 values"),
        (field(8, b"1234"), "4 bytes are no whole number of float64 values"),
        (field(7, field(1, varint(1 << 40) + varint(1 << 40))), "holds 0 values"),
        (field(7, field(1, varint((1 << 64) - 1))) + field(5, bytes(4)), "shape -1 holds 1"),
        (field(7, field(1, b"\3")) + field(5, bytes(8)), "shape 3 holds 2 values"),
        (field(5, bytes(8)), "shape a single value holds 2 values"),
        (key(10, 0) + b"\7" + field(12, bytes(4)), "unknown type 7"),
        (key(5, 0) + b"\1", "is no list of numbers"),
        (key(5, 5) + b"\1", "wants 4 bytes"),
        (b"\xff" * 11, "a number does not end"),
        (key(5, LENGTH) + b"\x80", "a number does not end"),
        (key(5, 6), r"no field begins like this \(number 5, wire type 6\)"),
        (b"\0", "no field begins like this"),
        (key(9, 3), "group 9 does not end"),
        (key(9, 4), "group 9 ends and did not begin"),
    ],
)
def test_damage_of_every_kind(tmp_path, blob, said):
    tracemalloc.start()
    with pytest.raises(DataError, match=rf"file: byte \d+: .*{said}"):
        wire.read_net(layer_file(tmp_path, blob))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


SMALL = filled(diffs=True)[3].SerializeToString()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bits_and_cuts_raise_nothing_but_our_errors(data):
    damaged = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(SMALL) - 1) | st.integers(0, 60))
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    damaged = damaged[: data.draw(st.integers(0, len(SMALL)) | st.just(len(SMALL)))]
    region = Region.whole(memoryview(bytes(damaged)), "x")
    for walk in (lambda: wire.net_of(region), lambda: blobs.take_blob(region)):
        try:
            walk()
        except CaffeError as error:
            assert "x: byte" in str(error) or "no layers" in str(error)


def test_lent_arrays_are_the_file_s_pages(tmp_path):
    path = tmp_path / "a.caffemodel"
    path.write_bytes(LENET.read_bytes())
    own, lent = wire.read_net(path), wire.read_net(path, lent=True)
    path.unlink()
    for layer, other in zip(own.layers, lent.layers, strict=True):
        for mine, theirs in zip(layer.blobs, other.blobs, strict=True):
            assert mine.flags.writeable and not theirs.flags.writeable
            np.testing.assert_array_equal(mine, theirs)
