"""Sequences: labels without places in time, and what recurrent layers of forks need."""
