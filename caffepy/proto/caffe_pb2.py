"""The message classes and enums of caffe.proto, as protoc's Python modules offer them.

    from caffepy.proto import caffe_pb2
    net = caffe_pb2.NetParameter(name="LeNet")
    caffe_pb2.TRAIN, caffe_pb2.Phase.Name(1), caffe_pb2.PoolingParameter.MAX

The classes are built when this module is imported, from the descriptor that ships beside it, in a
descriptor pool of their own. So another caffe.proto in the process does no harm (the default pool
admits each file name and each message name once), and no generated code ties us to the version of
protobuf that generated it.
"""

from __future__ import annotations

import pkgutil

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper


def _load() -> dict[str, object]:
    """All names of the module: the file's descriptor, messages, enums and their values."""
    data = pkgutil.get_data(__package__, "caffe.desc")
    assert data is not None
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(data)
    descriptor = pool.FindFileByName("caffe.proto")

    names: dict[str, object] = {"DESCRIPTOR": descriptor}
    for name, message in descriptor.message_types_by_name.items():
        cls = message_factory.GetMessageClass(message)
        cls.__module__ = __name__  # pickle and copy find the class by it
        names[name] = cls
    for name, enum in descriptor.enum_types_by_name.items():
        names[name] = EnumTypeWrapper(enum)
        names.update((value.name, value.number) for value in enum.values)
    return names


globals().update(_load())
__all__ = sorted(name for name in globals() if name[0].isupper() and name != "EnumTypeWrapper")
