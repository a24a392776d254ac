"""caffepy.detector, under pycaffe's name."""

import sys

import caffepy.detector

sys.modules[__name__] = caffepy.detector
