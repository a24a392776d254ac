"""The common layers."""
