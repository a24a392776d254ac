"""Weights alone, and nets as PyTorch modules: one file a format."""
