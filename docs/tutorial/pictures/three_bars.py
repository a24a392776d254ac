"""Draws three_bars.png of the first pictures that page 7 has drawn, one of each kind."""

import cv2
import numpy as np

pictures = [cv2.imread(f"pictures/train00{i}.png", cv2.IMREAD_GRAYSCALE) for i in range(3)]
row = np.hstack([np.pad(picture, 1, constant_values=255) for picture in pictures])
cv2.imwrite("three_bars.png", cv2.resize(row, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST))
