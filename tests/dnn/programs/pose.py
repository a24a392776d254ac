"""Points of a body, in the manner of programs with OpenPose's nets."""

import sys

import cv2

PARTS = {"Head": 0, "Neck": 1, "RShoulder": 2, "RElbow": 3}
frame = cv2.imread(sys.argv[3])
frameWidth, frameHeight = frame.shape[1], frame.shape[0]
net = cv2.dnn.readNetFromCaffe(sys.argv[1], sys.argv[2])
inHeight = 40
inWidth = int((inHeight / frameHeight) * frameWidth)
inpBlob = cv2.dnn.blobFromImage(frame, 1.0 / 255, (inWidth, inHeight), (0, 0, 0), swapRB=False,
                                crop=False)
net.setInput(inpBlob)
out = net.forward()
print(out.shape)
points = []
for name, i in PARTS.items():
    heatMap = cv2.resize(out[0, i, :, :], (frameWidth, frameHeight))
    _, conf, _, point = cv2.minMaxLoc(heatMap)
    x = (frameWidth * point[0]) / out.shape[3]
    points.append((int(x), int(point[1])) if conf > 0.1 else None)
    print(name, f"{conf:.3f}", points[-1])
