"""Find objects in a picture with a net of SSD's kind, by pycaffe's means alone.

    python models/mobilenet_ssd/ssd_detect.py --model_weights mobilenet_ssd.caffemodel \
        --labelmap_file labelmap_voc.prototxt --image_file street.jpg

It takes the flags of SSD's own example of that name, prints what was found, and saves the picture
with boxes. `detect` does the same for whole folders, and writes the files that benchmarks want.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import caffe
import cv2
import numpy as np
from caffe.proto import caffe_pb2
from google.protobuf import text_format

HERE = Path(__file__).parent
TOP = 20  # objects that are shown


def read_names(path: str) -> dict[int, str]:
    """What the classes of a label map are called for people."""
    labels = caffe_pb2.LabelMap()
    text_format.Parse(Path(path).read_text(), labels)
    return {item.label: item.display_name or item.name for item in labels.item}


class Detector:
    """A net that gives rows of image, class, score, xmin, ymin, xmax and ymax."""

    def __init__(self, model_def: str, weights: str, size: int, mean: list[float], scale: float
                 ) -> None:
        self.net = caffe.Net(model_def, weights, caffe.TEST)
        self.net.blobs["data"].reshape(1, 3, size, size)
        self.to_net = caffe.io.Transformer({"data": (1, 3, size, size)})
        self.to_net.set_transpose("data", (2, 0, 1))
        self.to_net.set_channel_swap("data", (2, 1, 0))  # pictures are read as RGB
        self.to_net.set_raw_scale("data", 255)
        self.to_net.set_mean("data", np.array(mean, np.float32))
        self.to_net.set_input_scale("data", scale)

    def find(self, picture: np.ndarray, threshold: float) -> list[tuple[int, float, list[int]]]:
        """Class, score and box in pixels of what scores enough, the best first."""
        self.net.blobs["data"].data[...] = self.to_net.preprocess("data", picture)
        rows = self.net.forward()["detection_out"].reshape(-1, 7)
        rows = rows[(rows[:, 1] >= 0) & (rows[:, 2] >= threshold)]
        rows = rows[np.argsort(-rows[:, 2], kind="stable")][:TOP]
        height, width = picture.shape[:2]
        boxes = (rows[:, 3:].clip(0, 1) * [width, height, width, height]).round().astype(int)
        return [(int(row[1]), float(row[2]), box.tolist())
                for row, box in zip(rows, boxes, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model_def", default=str(HERE / "deploy.prototxt"))
    parser.add_argument("--model_weights", required=True)
    parser.add_argument("--image_file", required=True)
    parser.add_argument("--labelmap_file", help="without it classes are numbers")
    parser.add_argument("--image_resize", type=int, default=300, help="the net's side in pixels")
    parser.add_argument("--mean", default="127.5,127.5,127.5", help="blue, green, red")
    parser.add_argument("--scale", type=float, default=0.007843)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--gpu_id", type=int, help="without it the CPU computes")
    parser.add_argument("--output", default="detect_result.jpg")
    flags = parser.parse_args()

    if flags.gpu_id is not None:
        caffe.set_device(flags.gpu_id)
        caffe.set_mode_gpu()
    names = read_names(flags.labelmap_file) if flags.labelmap_file else {}
    detector = Detector(flags.model_def, flags.model_weights, flags.image_resize,
                        [float(word) for word in flags.mean.split(",")], flags.scale)
    picture = caffe.io.load_image(flags.image_file)
    shown = np.ascontiguousarray((picture[:, :, ::-1] * 255).round().astype(np.uint8))
    for label, score, (left, top, right, bottom) in detector.find(picture, flags.threshold):
        name = names.get(label, str(label))
        print(f"{name} {score:.4f} {left} {top} {right} {bottom}")
        cv2.rectangle(shown, (left, top), (right, bottom), (0, 0, 255), 2)
        cv2.putText(shown, f"{name} {score:.2f}", (left + 4, top + 16), cv2.FONT_HERSHEY_SIMPLEX,
                    0.5, (0, 0, 255), 1, cv2.LINE_AA)
    cv2.imwrite(flags.output, shown)


if __name__ == "__main__":
    main()
