"""The data layers."""
