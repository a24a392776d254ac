"""Communicators: how workers that train one net together share what they compute."""
