"""The vision layers."""
