"""YOLO: boxes out of a grid of cells, and how they are learned."""
