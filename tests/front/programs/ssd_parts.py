"""What demos of mobile nets do with pictures and outputs."""
import caffe
import cv2
import numpy as np

net = caffe.Net("mobile.prototxt", "mobile.caffemodel", caffe.TEST)
CLASSES = ("background", "cat", "dog")


def preprocess(src):
    img = cv2.resize(src, (16, 16))
    img = img - 127.5
    img = img * 0.007843
    return img


def detect(imgfile):
    origimg = cv2.imread(imgfile)
    img = preprocess(origimg)
    img = img.astype(np.float32)
    img = img.transpose((2, 0, 1))
    net.blobs["data"].data[...] = img
    out = net.forward()
    h, w = origimg.shape[:2]
    box = out["detection_out"][0, 0, :, 1:2] * np.array([w, h, w, h])
    cls = out["detection_out"][0, 0, :, 0]
    return (box.astype(np.int32), cls)


for i in range(2):
    box, cls = detect("cat.png")
net.blobs["data"].reshape(1, 3, 24, 32)
net.reshape()
print(box.shape, cls.dtype, net.blobs["conv"].data.shape, net.blobs["data"].shape[0],
      [(k, v[0].data.shape) for k, v in net.params.items()])
assert np.array_equal(net.layers[1].blobs[0].data, net.params["conv"][0].data)
assert net.layers[list(net._layer_names).index("conv")].type == "Convolution"
