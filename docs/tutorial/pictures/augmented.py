"""augmented.jpg: what the page's command draws, small enough for the page."""

import cv2

sheet = cv2.imread("augmented.png")
small = cv2.resize(sheet, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
cv2.imwrite("augmented.jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
