"""Where the original keeps its compiled classes: ``caffe._caffe``.

Its vector types were lists that Boost.Python knew; here they are lists, BlobVec one of its own.
"""

from caffepy.core.blob import Blob, BlobVec
from caffepy.proto.caffe_pb2 import LayerParameter, NetParameter, SolverParameter
from caffepy.pycaffe import *  # noqa: F403
from caffepy.pycaffe import __all__ as _names

RawBlobVec = LayerVec = NetVec = StringVec = IntVec = DtypeVec = BoolVec = list
NetCallback = SolverCallback = object  # what before_forward and add_callback take: any function

__version__ = "1.0.0"  # as caffe's

__all__ = [
    *_names, "Blob", "BlobVec", "BoolVec", "DtypeVec", "IntVec", "LayerParameter", "LayerVec",
    "NetCallback", "NetParameter", "NetVec", "RawBlobVec", "SolverCallback", "SolverParameter",
    "StringVec",
]
