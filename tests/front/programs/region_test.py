"""Test a detector: names on the net, blobs reshaped for each picture, boxes as input."""
import caffe
import cv2
import numpy as np

MEANS = np.array([[[102.9801, 115.9465, 122.7717]]])


def im_list_to_blob(ims):
    shape = np.array([im.shape for im in ims]).max(axis=0)
    blob = np.zeros((len(ims), shape[0], shape[1], 3), dtype=np.float32)
    for i, im in enumerate(ims):
        blob[i, :im.shape[0], :im.shape[1], :] = im
    return blob.transpose((0, 3, 1, 2))


def im_detect(net, im, boxes):
    blobs = {"data": im_list_to_blob([im.astype(np.float32, copy=True) - MEANS])}
    rois = np.hstack((np.zeros((len(boxes), 1)), boxes)).astype(np.float32, copy=False)
    blobs["rois"] = rois.reshape(-1, 5)
    net.blobs["data"].reshape(*(blobs["data"].shape))
    net.blobs["rois"].reshape(*(blobs["rois"].shape))
    out = net.forward(data=blobs["data"].astype(np.float32, copy=False),
                      rois=blobs["rois"].astype(np.float32, copy=False))
    return out["cls_prob"].copy(), net.blobs["rois"].data


class Imdb(object):
    classes = ("background", "thing")


if __name__ == "__main__":
    caffe.set_mode_cpu()
    net = caffe.Net("test.prototxt", "final.caffemodel", caffe.TEST)
    net.name = "final"
    net.imdb, net.classes, net.phase = Imdb(), Imdb.classes, "test"
    for height, width in ((20, 30), (31, 17)):
        im = cv2.resize(cv2.imread("cat.png"), (width, height))
        scores, boxes = im_detect(net, im, np.array([[0, 0, 9, 9], [3, 2, 16, 12]]))
        assert scores.shape == (2, len(net.classes)) and boxes.shape == (2, 5), scores.shape
        assert np.allclose(scores.sum(1), 1)
        assert net.blobs["conv"].data.shape[2:] == (height, width)
    print(net.name, net.phase, len(net.layers), list(net._layer_names)[-1])
