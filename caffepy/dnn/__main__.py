"""``python -m caffepy.dnn PROGRAM [ARGUMENT...]``: runs a program as ``python PROGRAM`` would, but
for ``cv2.dnn``, which reads Caffe nets by caffepy where OpenCV does not any more.
"""

from __future__ import annotations

import os
import runpy
import sys

from caffepy.dnn.installing import install


def main() -> None:
    """Run the program that the command line names."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m caffepy.dnn PROGRAM [ARGUMENT...]")
    if not os.path.exists(sys.argv[1]):
        sys.exit(f"python -m caffepy.dnn: there is no program {sys.argv[1]}")
    install()
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
