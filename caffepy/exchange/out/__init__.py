"""Nets as ONNX models: rules by layer type, and the graph that they build."""
