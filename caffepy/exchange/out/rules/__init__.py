"""What each layer type is in ONNX: one file a family, found by walking (out/table.py)."""
