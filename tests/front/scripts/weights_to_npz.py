"""Take weights out of a caffemodel by a net and by protobuf, and put them back."""
import sys

import caffe
import numpy as np
from caffe.proto import caffe_pb2

prototxt, caffemodel = sys.argv[1:]
net = caffe.Net(prototxt, caffemodel, caffe.TEST)
arrays = {}
for name in net.params.keys():
    for i in range(len(net.params[name])):
        arrays["%s/%d" % (name, i)] = np.copy(net.params[name][i].data)
np.savez("weights.npz", **arrays)

model = caffe_pb2.NetParameter()
with open(caffemodel, "rb") as f:
    model.ParseFromString(f.read())
for layer in model.layer:
    for i, blob in enumerate(layer.blobs):
        array = caffe.io.blobproto_to_array(blob)
        assert np.array_equal(array.squeeze(), arrays["%s/%d" % (layer.name, i)].squeeze())

fresh = caffe.Net(prototxt, caffe.TEST)
stored = np.load("weights.npz")
for key in stored.files:
    name, i = key.rsplit("/", 1)
    fresh.params[name][int(i)].data[...] = stored[key]
fresh.save("back.caffemodel")
back = caffe.Net(prototxt, caffe.TEST, weights="back.caffemodel")
x = np.random.RandomState(0).rand(*net.blobs["data"].data.shape)
for other in (fresh, back):
    assert np.array_equal(net.forward(data=x)["prob"], other.forward(data=x)["prob"])
print(len(arrays), "arrays,", sum(a.size for a in arrays.values()), "numbers")
