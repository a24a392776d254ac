"""py-faster-rcnn's data sets: pictures with boxes as roidbs."""
