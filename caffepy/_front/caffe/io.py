"""caffepy.io, under pycaffe's name."""

import sys

import caffepy.io

sys.modules[__name__] = caffepy.io
