"""Fixtures and settings for all tests."""

from __future__ import annotations

from support import ENGINES


def pytest_report_header() -> str:
    return f"engines: {', '.join(ENGINES)}"
