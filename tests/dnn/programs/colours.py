"""Colours for a gray picture, in the manner of programs with Zhang's colorization net."""

import sys

import cv2
import numpy as np

prototxt, model, points, picture, size = sys.argv[1:6]
net = cv2.dnn.readNetFromCaffe(prototxt, model)
pts = np.load(points)

# add the cluster centers as 1x1 convolutions to the model
class8 = net.getLayerId("class8_ab")
conv8 = net.getLayerId("conv8_313_rh")
pts = pts.transpose().reshape(2, len(pts), 1, 1)
net.getLayer(class8).blobs = [pts.astype("float32")]
net.getLayer(conv8).blobs = [np.full([1, pts.shape[1]], 2.606, dtype="float32")]

image = cv2.imread(picture)
scaled = image.astype("float32") / 255.0
lab = cv2.cvtColor(scaled, cv2.COLOR_BGR2LAB)
resized = cv2.resize(lab, (int(size), int(size)))
L = cv2.split(resized)[0]
L -= 50
net.setInput(cv2.dnn.blobFromImage(L))
ab = net.forward()[0, :, :, :].transpose((1, 2, 0))
ab = cv2.resize(ab, (image.shape[1], image.shape[0]))
L = cv2.split(lab)[0]
colorized = np.concatenate((L[:, :, np.newaxis], ab), axis=2)
colorized = np.clip(cv2.cvtColor(colorized, cv2.COLOR_LAB2BGR), 0, 1)
colorized = (255 * colorized).astype("uint8")
print(*np.round(ab.mean((0, 1)), 2), *np.round(colorized.mean((0, 1))))
