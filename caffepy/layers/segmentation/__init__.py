"""Layers of nets that say something of each pixel."""
