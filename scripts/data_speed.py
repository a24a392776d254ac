"""How many images a second the Data layer gives: three databases of common sizes, made and read.

    python scripts/data_speed.py
    python scripts/data_speed.py --seconds 5 --folder databases

``mnist`` has gray Datums of 28 x 28, ``raw`` colour Datums of 256 x 256, which are cropped to 227,
mirrored and freed of a mean picture, and ``jpeg`` the same as JPEG of quality 95, as
convert_imageset writes them. ``inception`` changes these JPEGs at random: a window of any area and
shape brought to 224, mirrored, with other brightness, contrast, saturation and hue; ``padded``
shifts, mirrors and cuts out the digits. The layer runs in the TRAIN phase, with nothing behind it.

The first column counts the clock, the second the time that all threads were on a processor: it says
how many images one core gives, on a machine that is busy with other work as well. Both are medians
over the rounds. Databases in a folder that is named are kept and used again.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from caffepy.core.net import Net
from caffepy.data import datum
from caffepy.data.db import new_db
from caffepy.proto import caffe_pb2, text

SIDE = 256
JITTER = ("distort_param { brightness_prob: 0.5 brightness_delta: 32 contrast_prob: 0.5 "
          "contrast_lower: 0.5 contrast_upper: 1.5 saturation_prob: 0.5 saturation_lower: 0.5 "
          "saturation_upper: 1.5 hue_prob: 0.5 hue_delta: 18 }")
WINDOW = "random_aspect_ratio_param { min_area_ratio: 0.08 aspect_ratio_change: 0.866 }"
MEAN = "mean_value: 104 mean_value: 117 mean_value: 123"
CROPPED = 'crop_size: 227 mirror: true mean_file: "{folder}/mean.binaryproto"'
KINDS = {  # name: the database, batch size, transform_param
    "mnist": ("mnist", 64, "scale: 0.00390625"),
    "padded": ("mnist", 64, "scale: 0.00390625 padding: 3 crop_size: 28 mirror: true "
                            "cutout_param { size: 8 }"),
    "raw": ("raw", 50, CROPPED),
    "jpeg": ("jpeg", 50, CROPPED),
    "inception": ("jpeg", 50, f"crop_size: 224 mirror: true {MEAN} {WINDOW} {JITTER}"),
}
COUNTS = {"mnist": 10000, "raw": 500, "jpeg": 500}  # pictures in a database


def photograph(rng: np.random.Generator) -> np.ndarray:
    """H x W x 3, uint8: noise whose spectrum falls with the frequency, as that of photographs does.

    Three colours that have most in common. At quality 95 a JPEG of it has about 45 kB.
    """
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    frequency[0, 0] = 1
    noise = rng.standard_normal((3, SIDE, SIDE))
    noise = 0.3 * noise + noise[:1]
    planes = np.fft.irfft2(np.fft.rfft2(noise) / frequency**1.2, s=(SIDE, SIDE))
    planes = 128 + 50 * planes / planes.std(axis=(1, 2), keepdims=True)
    return np.clip(planes, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def record(kind: str, rng: np.random.Generator) -> bytes:
    """A Datum of that kind."""
    if kind == "mnist":
        picture = rng.integers(0, 256, (1, 28, 28), np.uint8)
        return datum.from_array(picture, 1).SerializeToString()
    picture = photograph(rng)
    if kind == "raw":
        return datum.from_array(picture.transpose(2, 0, 1), 1).SerializeToString()
    data = cv2.imencode(".jpg", picture)[1].tobytes()  # 95 is OpenCV's own quality
    return caffe_pb2.Datum(data=data, encoded=True, label=1).SerializeToString()


def make(folder: Path, kind: str) -> None:
    """The database of that kind, and a mean picture beside it."""
    rng = np.random.default_rng(1701)
    count = COUNTS[kind]
    records = [record(kind, rng) for _ in range(min(100, count))]  # taken again under new keys
    with new_db(str(folder / kind), "lmdb") as db:
        for i in range(count):
            db.put(b"%08d" % i, records[i % len(records)])
    mean = caffe_pb2.BlobProto(num=1, channels=3, height=SIDE, width=SIDE)
    mean.data.extend(rng.uniform(100, 150, 3 * SIDE * SIDE).tolist())
    (folder / "mean.binaryproto").write_bytes(mean.SerializeToString())


def net(folder: Path, kind: str) -> Net:
    """A net of a Data layer alone."""
    database, batch, transform = KINDS[kind]
    transform = transform.replace("{folder}", str(folder))
    param = caffe_pb2.NetParameter()
    text.parse(f"""layer {{ name: "data" type: "Data" top: "data" top: "label"
        transform_param {{ {transform} }} data_param {{ source: "{folder / database}" backend: LMDB
        batch_size: {batch} }} }}""", param)
    return Net(param, caffe_pb2.TRAIN)


def measure(step: Callable[[], object], images: int, seconds: float) -> tuple[float, float]:
    """Images a second, by the clock and by the processors' time."""
    clock, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - clock < seconds:
        step()
        done += images
    return done / (time.perf_counter() - clock), done / (time.process_time() - cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"of {', '.join(KINDS)}: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    parser.add_argument("--folder", help="where the databases are, or will be")
    options = parser.parse_args()
    kinds = options.kinds or list(KINDS)
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"there is no {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.folder or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'':10}{'images/s':>10}{'of a core':>12}")
        for kind in kinds:
            if not (folder / KINDS[kind][0]).exists():
                make(folder, KINDS[kind][0])
            with closing(net(folder, kind)) as it:
                batch = KINDS[kind][1]
                step = it.nodes[0].forward
                measure(step, batch, min(1.0, options.seconds))
                rounds = [measure(step, batch, options.seconds) for _ in range(options.rounds)]
            clock, cpu = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{kind:10}{clock:10.0f}{cpu:12.0f}")


if __name__ == "__main__":
    main()
