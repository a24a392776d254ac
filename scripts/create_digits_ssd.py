"""Makes a detection set of real digits: MNIST pasted on canvases of several sizes, with boxes.

    python scripts/create_digits_ssd.py             # 2,000 and 500 pictures, in data/digits_ssd
    python scripts/create_digits_ssd.py --train=400 --test=100 --only=01 --folder=few
    python scripts/create_digits_ssd.py --voc       # the same as a folder like Pascal VOC's, too

A picture has one to four digits, each of its own size and colour, brighter or darker than what lies
behind it; a box is the smallest around a digit's ink. What lies behind is cut from the photographs
that come with scikit-image, if that is installed (the right third of each for testing), else drawn
noise. The digits for testing are MNIST's test digits. Records are SSD's AnnotatedDatums, class
d + 1 for the digit d; the same seed gives the same bytes. The folder, VOC in that of the
databases, has the image sets train and test; a class is called as its digit.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from caffepy.data.db import new_db
from caffepy.proto import caffe_pb2
from caffepy.services.mnist import IMAGE_MAGIC, LABEL_MAGIC, read_idx

ROOT = Path(__file__).resolve().parent.parent
CANVASES = ((120, 160), (160, 120), (160, 160), (200, 240), (180, 128))  # height and width
LEAST, MOST = 0.25, 0.6  # a digit's frame, in shares of the canvas's shorter side
DIGITS = 4
TRIALS = 30  # places that are tried for a digit
APART = 0.05  # of a smaller box at most another may cover
INK = 60  # of 255: from here on a pixel belongs to the digit
CONTRAST = 100  # levels between a digit and most of what lies behind it
TINT = 30  # levels by which its colours may differ
PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel",
               "hubble_deep_field", "immunohistochemistry", "moon", "retina", "rocket")

Array = Any
Box = tuple[int, int, int, int]  # xmin, ymin, xmax, ymax


def photographs(test: bool) -> list[Array]:
    """Parts of those of scikit-image, BGR. [] without scikit-image."""
    try:
        from skimage import data
    except ImportError:
        return []
    found = []
    for name in PHOTOGRAPHS:
        photo = getattr(data, name)()
        photo = photo[:, photo.shape[1] * 2 // 3 :] if test else photo[:, : photo.shape[1] * 2 // 3]
        found.append(cv2.cvtColor(photo, cv2.COLOR_GRAY2BGR if photo.ndim == 2 else
                                  cv2.COLOR_RGB2BGR))
    return found


def background(random: np.random.Generator, height: int, width: int, photos: list[Array]) -> Array:
    """H x W x 3 bytes, a part of a photograph; or noise of several sizes, in two colours."""
    if photos:
        photo = photos[random.integers(len(photos))]
        least = max(height / photo.shape[0], width / photo.shape[1])
        scale = random.uniform(least, max(least, 1))
        rows, columns = int(height / scale), int(width / scale)
        top = random.integers(photo.shape[0] - rows + 1)
        left = random.integers(photo.shape[1] - columns + 1)
        part = photo[top : top + rows, left : left + columns]
        return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    noise = np.zeros((height, width))
    for cells in (2, 5, 12, 40):
        grid = random.random((cells, cells)).astype(np.float32)
        noise += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / cells**0.5
    noise = (noise - noise.min()) / np.ptp(noise)
    one, other = random.integers(0, 256, (2, 3))
    mixed: Array = one + (other - one) * noise[..., None]
    return mixed.astype(np.uint8)


def paste(random: np.random.Generator, canvas: Array, digit: Array, taken: list[Box]) -> Box | None:
    """Put a digit (28 x 28 bytes) onto a canvas where it covers no other; None if there is no
    room."""
    height, width = canvas.shape[:2]
    side = int(random.uniform(LEAST, MOST) * min(height, width))
    ink = cv2.resize(digit, (side, side), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.nonzero(ink >= INK)
    ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    for _ in range(TRIALS):
        top = int(random.integers(height - ink.shape[0] + 1))
        left = int(random.integers(width - ink.shape[1] + 1))
        box = left, top, left + ink.shape[1], top + ink.shape[0]
        if any(covers(box, other) > APART for other in taken):
            continue
        part = canvas[top : box[3], left : box[2]]
        dark, bright = np.percentile(part, (25, 75))
        level = random.uniform(*((min(bright + CONTRAST, 255), 255) if dark + bright < 255 else
                                 (0, max(dark - CONTRAST, 0))))
        color = np.clip(level + random.uniform(-TINT, TINT, 3), 0, 255)
        alpha = ink[..., None] / 255
        part[...] = part * (1 - alpha) + color * alpha
        return box
    return None


def covers(one: Box, other: Box) -> float:
    """The share of the smaller box that both have."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(wide, 0) * max(high, 0) / min(areas)


def picture(random: np.random.Generator, digits: Array, labels: Array, photos: list[Array]
            ) -> tuple[Array, list[tuple[int, Box]]]:
    """A canvas with digits, and for each the digit and its box."""
    height, width = CANVASES[random.integers(len(CANVASES))]
    canvas = background(random, height, width, photos)
    found: list[tuple[int, Box]] = []
    for i in random.integers(len(digits), size=random.integers(1, DIGITS + 1)):
        box = paste(random, canvas, digits[i], [other for _, other in found])
        if box is not None:
            found.append((int(labels[i]), box))
    return canvas, found


def record(canvas: Array, found: list[tuple[int, Box]]) -> Any:
    """The AnnotatedDatum: boxes in shares of the picture, by class."""
    made: Any = caffe_pb2.AnnotatedDatum(type="BBOX")
    made.datum.encoded = True
    made.datum.data = cv2.imencode(".png", canvas)[1].tobytes()
    height, width = canvas.shape[:2]
    for digit in sorted({digit for digit, _ in found}):
        group = made.annotation_group.add(group_label=digit + 1)
        for number, (left, top, right, bottom) in enumerate(
                box for other, box in found if other == digit):
            box = group.annotation.add(instance_id=number).bbox
            box.xmin, box.xmax = left / width, right / width
            box.ymin, box.ymax = top / height, bottom / height
    return made


def records(count: int, seed: int, mnist: Path, test: bool, only: str = "0123456789"
            ) -> Iterator[Any]:
    """Of MNIST's files in a folder; ``only``: which digits."""
    name = "t10k" if test else "train"
    sizes, data = read_idx(str(mnist / f"{name}-images-idx3-ubyte"), IMAGE_MAGIC, 3)
    _, classes = read_idx(str(mnist / f"{name}-labels-idx1-ubyte"), LABEL_MAGIC, 1)
    labels = np.frombuffer(classes, np.uint8)
    some = np.isin(labels, [int(digit) for digit in only])
    digits, labels = np.frombuffer(data, np.uint8).reshape(sizes)[some], labels[some]
    photos = photographs(test)
    for number in range(count):
        random = np.random.default_rng([seed, test, number])
        yield record(*picture(random, digits, labels, photos))


def as_voc(folder: Path, name: str, made: Any) -> None:
    """A record as a picture and an annotation in a folder like VOC's. Corners are counted from 1,
    and both ends are within."""
    height, width = cv2.imdecode(np.frombuffer(made.datum.data, np.uint8),
                                 cv2.IMREAD_COLOR).shape[:2]
    (folder / "JPEGImages" / f"{name}.png").write_bytes(made.datum.data)
    lines = [f"<annotation><size><width>{width}</width><height>{height}</height></size>"]
    for group in made.annotation_group:
        for box in (one.bbox for one in group.annotation):
            corners = {"xmin": box.xmin * width + 1, "ymin": box.ymin * height + 1,
                       "xmax": box.xmax * width, "ymax": box.ymax * height}
            lines.append(f"<object><name>{group.group_label - 1}</name><bndbox>" + "".join(
                f"<{side}>{round(value)}</{side}>" for side, value in corners.items())
                + "</bndbox></object>")
    (folder / "Annotations" / f"{name}.xml").write_text("\n".join([*lines, "</annotation>\n"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=int, default=2000, help="pictures to train on")
    parser.add_argument("--test", type=int, default=500, help="pictures to test on")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "digits_ssd")
    parser.add_argument("--mnist", type=Path, default=ROOT / "data" / "mnist")
    parser.add_argument("--only", default="0123456789", help="which digits: 01, say")
    parser.add_argument("--seed", type=int, default=1701)
    parser.add_argument("--voc", action="store_true", help="write a folder like VOC's, too")
    flags = parser.parse_args()
    flags.folder.mkdir(parents=True, exist_ok=True)
    voc = flags.folder / "VOC"
    for room in ("JPEGImages", "Annotations", "ImageSets/Main") if flags.voc else ():
        (voc / room).mkdir(parents=True, exist_ok=True)
    for part, count in (("train", flags.train), ("test", flags.test)):
        name = flags.folder / f"digits_{part}_lmdb"
        beside = name.with_suffix(".new")
        shutil.rmtree(beside, ignore_errors=True)
        with new_db(str(beside), "lmdb") as db:
            made_of = records(count, flags.seed, flags.mnist, part == "test", flags.only)
            for i, made in enumerate(made_of):
                db.put(b"%08d" % i, made.SerializeToString())
                if flags.voc:
                    as_voc(voc, f"{part}_{i:05d}", made)
        shutil.rmtree(name, ignore_errors=True)
        beside.rename(name)
        print(f"Made {name}: {count} pictures")
        if flags.voc:
            (voc / "ImageSets" / "Main" / f"{part}.txt").write_text(
                "".join(f"{part}_{i:05d}\n" for i in range(count)))
    if not photographs(False):
        print("scikit-image is not installed: what lies behind the digits is drawn")


if __name__ == "__main__":
    main()
