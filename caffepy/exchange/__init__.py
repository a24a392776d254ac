"""Nets and weights in other programs' formats, out and in."""
