"""GoogLeNet's stem and an inception module, by NetSpec with functions that return layers."""
import caffe
import numpy as np
from caffe import layers as L
from caffe import params as P
from caffe import to_proto


def conv_relu(bottom, name, nout, ks, stride=1, pad=0):
    conv = L.Convolution(bottom, name=name, kernel_size=ks, stride=stride, num_output=nout,
                         pad=pad, weight_filler=dict(type="xavier"),
                         bias_filler=dict(type="constant", value=0.2),
                         param=[dict(lr_mult=1, decay_mult=1), dict(lr_mult=2, decay_mult=0)])
    return conv, L.ReLU(conv, name=name + "_relu", in_place=True)


def inception(bottom, name, n1, n3r, n3, n5r, n5, pool):
    _, a = conv_relu(bottom, name + "/1x1", n1, 1)
    _, b = conv_relu(bottom, name + "/3x3_reduce", n3r, 1)
    _, b = conv_relu(b, name + "/3x3", n3, 3, pad=1)
    _, c = conv_relu(bottom, name + "/5x5_reduce", n5r, 1)
    _, c = conv_relu(c, name + "/5x5", n5, 5, pad=2)
    d = L.Pooling(bottom, name=name + "/pool", pool=P.Pooling.MAX, kernel_size=3, stride=1, pad=1)
    _, d = conv_relu(d, name + "/pool_proj", pool, 1)
    return L.Concat(a, b, c, d, name=name + "/output")


data = L.Input(name="data", shape=dict(dim=[2, 3, 32, 32]))
conv1, relu1 = conv_relu(data, "conv1/7x7_s2", 8, 7, 2, 3)
pool1 = L.Pooling(relu1, name="pool1/3x3_s2", pool=P.Pooling.MAX, kernel_size=3, stride=2)
norm1 = L.LRN(pool1, name="pool1/norm1", local_size=5, alpha=1e-4, beta=0.75)
in3a = inception(norm1, "inception_3a", 8, 6, 12, 2, 4, 4)
in3b = inception(in3a, "inception_3b", 12, 8, 16, 4, 8, 8)
pool = L.Pooling(in3b, name="pool5", pool=P.Pooling.AVE, global_pooling=True)
drop = L.Dropout(pool, name="drop", dropout_ratio=0.4, in_place=True)
fc = L.InnerProduct(drop, name="classifier", num_output=10, weight_filler=dict(type="xavier"))
prob = L.Softmax(fc, name="prob")

with open("inception.prototxt", "w") as f:
    f.write(str(to_proto(prob)))

net = caffe.Net("inception.prototxt", caffe.TEST)
net.blobs[net.inputs[0]].data[...] = np.random.RandomState(1).rand(2, 3, 32, 32)
out = net.forward()
print(len(net.layers), "layers,", len(net.params), "with parameters")
for name in ("inception_3a/output", "inception_3b/output"):
    print(name, net.blobs[net.top_names[name][0]].data.shape)
print("sums", np.allclose(out[net.outputs[0]].reshape(2, 10).sum(1), 1, atol=1e-5))
