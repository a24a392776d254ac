"""Where the original keeps its compiled classes: ``caffe._caffe``.

Its vector types were lists that Boost.Python knew; here they are lists.
"""

from caffepy.core.blob import Blob
from caffepy.proto.caffe_pb2 import LayerParameter, SolverParameter
from caffepy.pycaffe import *  # noqa: F403
from caffepy.pycaffe import __all__ as _names

BlobVec = RawBlobVec = LayerVec = NetVec = StringVec = IntVec = DtypeVec = BoolVec = list

__all__ = [
    *_names, "Blob", "BlobVec", "BoolVec", "DtypeVec", "IntVec", "LayerParameter", "LayerVec",
    "NetVec", "RawBlobVec", "SolverParameter", "StringVec",
]
