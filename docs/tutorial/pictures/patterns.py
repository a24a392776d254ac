"""Draws patterns.jpg of the first pictures that page 12 has drawn, a row of each kind."""

import cv2
import numpy as np

rows = [np.hstack([cv2.imread(f"fabrics/{kind}/{i:03}.jpg")[::2, ::2] for i in range(6)])
        for kind in ("checks", "dots", "stripes")]
cv2.imwrite("patterns.jpg", np.vstack(rows))
