"""caffepy.pycaffe, under pycaffe's name."""

import sys

import caffepy.pycaffe

sys.modules[__name__] = caffepy.pycaffe
