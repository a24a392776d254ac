"""Runs on one page in one file, to send to somebody: ``caffepy report``."""
