"""Faces and other things told apart by distances and angles."""
