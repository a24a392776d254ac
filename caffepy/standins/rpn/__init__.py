"""py-faster-rcnn's region proposal network, and R-FCN's: anchors, proposals, targets."""
