"""ONNX models as nets: the model, rules by operation, and the layers that they make."""
