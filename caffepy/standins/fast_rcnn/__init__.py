"""py-faster-rcnn's settings and box arithmetic."""
