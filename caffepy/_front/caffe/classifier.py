"""caffepy.classifier, under pycaffe's name."""

import sys

import caffepy.classifier

sys.modules[__name__] = caffepy.classifier
