"""What py-faster-rcnn keeps in ``utils``."""
