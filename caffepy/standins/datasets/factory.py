"""py-faster-rcnn's data sets by their names."""

from __future__ import annotations

from caffepy.errors import ConfigError, did_you_mean
from caffepy.standins.datasets.imdb import imdb
from caffepy.standins.datasets.pascal_voc import pascal_voc

YEARS, SPLITS = ("2007", "2012"), ("train", "val", "trainval", "test")


def get_imdb(name: str) -> imdb:
    """The data set called ``voc_2007_trainval`` and so on.

    Raises:
        ConfigError: there is none of that name. NotFound: it does not lie where it should.
    """
    if name not in list_imdbs():
        raise ConfigError("there is no such imdb", found=name, allowed=", ".join(list_imdbs()),
                          fix=did_you_mean(name, list_imdbs()))
    _, year, split = name.split("_")
    return pascal_voc(split, year)


def list_imdbs() -> list[str]:
    """The names that there are."""
    return [f"voc_{year}_{split}" for year in YEARS for split in SPLITS]
