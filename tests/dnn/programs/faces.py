"""Faces, in the manner of the many programs with OpenCV's res10 detector."""

import sys

import cv2
import numpy as np

prototxt, model, picture, size = sys.argv[1:5]
net = cv2.dnn.readNetFromCaffe(prototxt, model)

image = cv2.imread(picture)
(h, w) = image.shape[:2]
blob = cv2.dnn.blobFromImage(cv2.resize(image, (int(size), int(size))), 1.0,
                             (int(size), int(size)), (104.0, 177.0, 123.0))
net.setInput(blob)
detections = net.forward()

for i in range(0, detections.shape[2]):
    confidence = detections[0, 0, i, 2]
    if confidence < 0.5:
        continue
    box = detections[0, 0, i, 3:7] * np.array([w, h, w, h])
    (startX, startY, endX, endY) = box.astype("int")
    y = startY - 10 if startY - 10 > 10 else startY + 10
    cv2.rectangle(image, (int(startX), int(startY)), (int(endX), int(endY)), (0, 0, 255), 2)
    cv2.putText(image, f"{confidence * 100:.2f}%", (int(startX), int(y)),
                cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 255), 2)
    print(f"{confidence:.4f}", startX, startY, endX, endY)
print("rows", detections.shape)
