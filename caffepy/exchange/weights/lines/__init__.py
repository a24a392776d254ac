"""What each layer type is in PyTorch: one file a family, found by walking (weights/table.py)."""
