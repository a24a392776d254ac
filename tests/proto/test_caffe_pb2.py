"""caffe_pb2: protoc's module, without generated code and without the default pool."""

import copy
import pickle
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool

from caffepy.proto import caffe_pb2

# a stranger's caffe.proto in the default pool: same file name, same message name, other fields
STRANGER = """
from google.protobuf import descriptor_pb2, descriptor_pool
file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe")
message = file.message_type.add(name="NetParameter")
message.field.add(name="mine", number=1, label=1, type=5)
def load_stranger():
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    descriptor_pool.Default().FindMessageTypeByName("caffe.NetParameter")
"""
OURS = "from caffepy.proto import caffe_pb2; assert caffe_pb2.NetParameter(name='x').name == 'x'\n"


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def small_net():
    net = caffe_pb2.NetParameter(name="small")
    net.layer.add(name="pool", type="Pooling", bottom=["data"], top=["pool"])
    net.layer[0].pooling_param.pool = caffe_pb2.PoolingParameter.AVE
    return net


def test_another_caffe_proto_in_the_process_does_no_harm():
    run(STRANGER + "load_stranger()\n" + OURS)
    run(STRANGER + OURS + "load_stranger()\n")


def test_the_pure_python_runtime_serves_too():
    code = "import os; os.environ['PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION'] = 'python'\n"
    run(code + OURS)


def test_nothing_goes_into_the_default_pool():
    code = OURS + "from google.protobuf import descriptor_pool as d\n"
    code += "try: d.Default().FindMessageTypeByName('caffe.NetParameter')\n"
    run(code + "except KeyError: pass\nelse: raise SystemExit('found')\n")
    assert caffe_pb2.DESCRIPTOR.pool is not descriptor_pool.Default()


def test_enums_by_every_door():
    assert caffe_pb2.TRAIN == caffe_pb2.Phase.TRAIN == caffe_pb2.Phase.Value("TRAIN") == 0
    assert caffe_pb2.Phase.Name(1) == "TEST"
    assert caffe_pb2.PoolingParameter.MAX == 0
    assert caffe_pb2.PoolingParameter.PoolMethod.Name(1) == "AVE"
    assert caffe_pb2.V1LayerParameter.LayerType.Value("CONVOLUTION") == 4
    assert caffe_pb2.SolverParameter.SolverType.items()[0] == ("SGD", 0)


def test_messages_can_be_copied_and_pickled():
    net = small_net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin == net and twin is not net
        twin.layer[0].name = "other"
        assert net.layer[0].name == "pool"
    assert caffe_pb2.NetParameter.__module__ == "caffepy.proto.caffe_pb2"


def test_star_import_brings_what_protoc_modules_bring():
    names: dict[str, object] = {}
    exec("from caffepy.proto.caffe_pb2 import *", names)
    assert {"NetParameter", "Datum", "Phase", "TEST", "DESCRIPTOR"} <= set(names)
    assert "EnumTypeWrapper" not in names


def test_other_readers_skip_what_is_own():
    """A reader that knows only the original's fields sees an unharmed SolverState."""
    file = descriptor_pb2.FileDescriptorProto()
    caffe_pb2.DESCRIPTOR.CopyToProto(file)
    for message in file.message_type:
        for field in [f for f in message.field if f.number >= 50000]:
            message.field.remove(field)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    from google.protobuf import message_factory

    state = caffe_pb2.SolverState(iter=7, learned_net="a.caffemodel", seed=3, losses=[1, 2])
    state.layer_state.add(net="train", layer="data", position=640)
    old = message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.SolverState"))
    seen = old.FromString(state.SerializeToString())
    assert (seen.iter, seen.learned_net) == (7, "a.caffemodel")
    assert [f.name for f, _ in seen.ListFields()] == ["iter", "learned_net"]
