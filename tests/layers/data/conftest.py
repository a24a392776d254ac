"""What the tests of data layers share."""

import pytest
from annotated import BOXES, database, record


@pytest.fixture
def rectangles(tmp_path):
    return database(tmp_path, [record(place) for place in BOXES])
