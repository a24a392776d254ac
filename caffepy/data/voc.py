"""Pascal VOC's annotations, an XML file for each picture.

    <annotation>
      <size><width>500</width><height>375</height><depth>3</depth></size>
      <object>
        <name>dog</name><difficult>0</difficult>
        <bndbox><xmin>48</xmin><ymin>240</ymin><xmax>195</xmax><ymax>371</ymax></bndbox>
      </object>
    </annotation>

A corner that is left out is 0, as in SSD's fork. The fork reads a corner that is no whole number
as 0, too, and takes an object for easy whose <difficult> stands behind its <bndbox>; here both
count as they stand.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from caffepy.data.annotation import Annotation, Box, Corners, number
from caffepy.data.label_map import Numbers, Unknown
from caffepy.errors import DataError

SIDES = ("xmin", "ymin", "xmax", "ymax")


def parse(data: bytes, path: str, numbers: Numbers) -> Annotation:
    """The objects of an XML file.

    Raises:
        DataError: it is no XML, cut short, or another document.
    """
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError) as error:  # an unknown encoding, too
        raise DataError(f"the annotation is no whole XML file: {error}", where=path,
                        found=f"{len(data)} bytes") from error
    if root.tag != "annotation":
        raise DataError("the annotation is none of VOC's", where=path, found=f"<{root.tag}>",
                        allowed="<annotation>")
    found = Annotation(size=_size(root))
    for count, one in enumerate(root.findall("object"), 1):
        try:
            found.boxes += _boxes(one, numbers)
        except (Unknown, DataError) as error:
            found.problems.append(error.at(f"{path}, object {count}"))
    return found


def _size(root: ET.Element) -> tuple[int, int] | None:
    words = [root.findtext(f"size/{side}", "").strip() for side in ("height", "width")]
    if not all(word.isascii() and word.isdigit() for word in words):
        return None
    height, width = map(int, words)
    return (height, width) if height and width else None


def _boxes(one: ET.Element, numbers: Numbers) -> list[Box]:
    """The box of an object; [] of one that has none, as a part of a person."""
    name = one.findtext("name")
    if name is None:
        raise DataError("the object has no <name>")
    label = numbers.of(name.strip())
    difficult = one.findtext("difficult", "").strip() == "1"
    return [Box(label, _corners(place), difficult) for place in one.findall("bndbox")]


def _corners(place: ET.Element) -> Corners:
    left, top, right, bottom = (number(place.findtext(side, "0").strip()) for side in SIDES)
    return left, top, right, bottom
