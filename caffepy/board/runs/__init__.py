"""Trainings, from their logs and measurements."""
