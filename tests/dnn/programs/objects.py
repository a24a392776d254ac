"""Objects, in the manner of programs with MobileNet-SSD: by the net, and by cv2's own model."""

import argparse

import cv2
import numpy as np

CLASSES = ["background", "aeroplane", "bicycle", "bird", "boat", "bottle"]

ap = argparse.ArgumentParser()
ap.add_argument("-i", "--image", required=True)
ap.add_argument("-p", "--prototxt", required=True)
ap.add_argument("-m", "--model", required=True)
ap.add_argument("-c", "--confidence", type=float, default=0.4)
args = vars(ap.parse_args())

net = cv2.dnn.readNet(args["model"], args["prototxt"])
net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
image = cv2.imread(args["image"])
(h, w) = image.shape[:2]
net.setInput(cv2.dnn.blobFromImage(cv2.resize(image, (48, 48)), 0.007843, (48, 48), 127.5))
detections = net.forward()
for i in np.arange(0, detections.shape[2]):
    confidence = detections[0, 0, i, 2]
    if confidence > args["confidence"]:
        idx = int(detections[0, 0, i, 1])
        box = (detections[0, 0, i, 3:7] * np.array([w, h, w, h])).astype("int")
        print(f"{CLASSES[idx]}: {confidence * 100:.2f}%", *box)
t, _ = net.getPerfProfile()
assert t * 1000.0 / cv2.getTickFrequency() > 0

model = cv2.dnn_DetectionModel(args["model"], args["prototxt"])
model.setInputParams(size=(48, 48), mean=(127.5, 127.5, 127.5), scale=0.007843, swapRB=False)
classIds, confs, bbox = model.detect(image, confThreshold=args["confidence"])
if len(classIds) != 0:
    for classId, confidence, box in zip(classIds.flatten(), confs.flatten(), bbox, strict=True):
        print(CLASSES[classId], f"{confidence:.4f}", *box)
