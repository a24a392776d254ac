"""Fold batch normalization into the convolutions before it, by layer names."""
import caffe
import numpy as np


def merge_bn(net, nob):
    for key in net.params.keys():
        if type(net.params[key]) is caffe._caffe.BlobVec:
            if key.endswith("/bn") or key.endswith("/scale"):
                continue
            conv = net.params[key]
            if key + "/bn" not in net.params:
                for i, w in enumerate(conv):
                    nob.params[key][i].data[...] = w.data
            else:
                bn, scale = net.params[key + "/bn"], net.params[key + "/scale"]
                wt = conv[0].data
                bias = conv[1].data if len(conv) > 1 else np.zeros(wt.shape[0])
                mean, var, scalef = bn[0].data, bn[1].data, bn[2].data
                if scalef != 0:
                    scalef = 1. / scalef
                rstd = 1. / np.sqrt(var * scalef + 1e-5)
                rstd1 = rstd.reshape((wt.shape[0], 1, 1, 1))
                scales1 = scale[0].data.reshape((wt.shape[0], 1, 1, 1))
                nob.params[key][0].data[...] = wt * rstd1 * scales1
                nob.params[key][1].data[...] = (
                    bias - mean * scalef) * rstd * scale[0].data + scale[1].data


net = caffe.Net("bn.prototxt", "bn.caffemodel", caffe.TRAIN)
net_deploy = caffe.Net("no_bn.prototxt", caffe.TEST)
merge_bn(net, net_deploy)
net_deploy.save("no_bn.caffemodel")
a = caffe.Net("bn.prototxt", caffe.TEST, weights="bn.caffemodel")
b = caffe.Net("no_bn.prototxt", "no_bn.caffemodel", caffe.TEST)
x = np.random.RandomState(1).rand(*a.blobs["data"].data.shape)
out = [n.forward(data=x)["prob"].copy() for n in (a, b)]
assert np.allclose(out[0], out[1], atol=1e-5), abs(out[0] - out[1]).max()
print("merged", len(net.params), "into", len(net_deploy.params))
