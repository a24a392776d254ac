"""Where an object is in the next frame, in the manner of GOTURN: two inputs, one output."""

import sys

import cv2
import numpy as np

INPUT_SIZE = (23, 23)
net = cv2.dnn.readNetFromCaffe(sys.argv[1], sys.argv[2])
target, search = (cv2.imread(path) for path in sys.argv[3:5])
targetBlob = cv2.dnn.blobFromImage(target, 1, INPUT_SIZE, (104, 117, 123))
searchBlob = cv2.dnn.blobFromImage(search, 1, INPUT_SIZE, (104, 117, 123))
net.setInput(targetBlob, "data1")
net.setInput(searchBlob, "data2")
result = net.forward("scale").reshape(1, 4)
print(np.round(result[0], 2).tolist())
