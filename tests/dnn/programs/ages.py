"""Age and gender of a face, in the manner of programs with Levi's and Hassner's nets."""

import sys

import cv2

MODEL_MEAN_VALUES = (78.4263377603, 87.7689143744, 114.895847746)
ageList = ["(0-2)", "(4-6)", "(8-12)", "(15-20)", "(25-32)", "(38-43)", "(48-53)", "(60-100)"]
genderList = ["Male", "Female"]

ageNet = cv2.dnn.readNet(sys.argv[2], sys.argv[1])
genderNet = cv2.dnn.readNet(sys.argv[4], sys.argv[3])
face = cv2.imread(sys.argv[5])
blob = cv2.dnn.blobFromImage(face, 1.0, (27, 27), MODEL_MEAN_VALUES, swapRB=False)
genderNet.setInput(blob)
genderPreds = genderNet.forward()
gender = genderList[genderPreds[0].argmax()]
print(f"Gender : {gender}, conf = {genderPreds[0].max():.3f}")
ageNet.setInput(blob)
agePreds = ageNet.forward()
age = ageList[agePreds[0].argmax()]
print(f"Age : {age}, conf = {agePreds[0].max():.3f}", agePreds.shape)
