"""caffepy.draw, under pycaffe's name."""

import sys

import caffepy.draw

sys.modules[__name__] = caffepy.draw
