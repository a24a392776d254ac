"""Optical flow: how pictures move, and what follows from it."""
