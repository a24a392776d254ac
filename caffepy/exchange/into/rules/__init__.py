"""What each ONNX operation is in Caffe: one file a family, found by walking (into/table.py)."""
