"""Trains AlexNet on CIFAR-10 with local response normalization and without, side by side.

    scripts/train_alexnet_cifar10.sh --epochs 3 --picture cat.jpg

After every pass over the training pictures a line says the accuracy on the test pictures and the
seconds of the pass, of both nets. At the end both say what one picture shows: the one given, or the
first test picture.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from caffepy import io  # noqa: E402
from caffepy.core.context import Context  # noqa: E402
from caffepy.core.net import Net  # noqa: E402
from caffepy.core.upgrade import read_solver_param  # noqa: E402
from caffepy.data import datum, db  # noqa: E402
from caffepy.errors import CaffeError  # noqa: E402
from caffepy.proto import caffe_pb2  # noqa: E402
from caffepy.solvers.solver import Solver, create_solver  # noqa: E402

MODEL = "models/alexnet_cifar10"
DATA = "data/cifar10"
NETS = {"with LRN": "", "without LRN": "_no_lrn"}  # what it is called, end of its files' names
SIZE = 32
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def epoch(solver: Solver, iterations: int) -> tuple[float, float]:
    """Train one pass and test; returns accuracy and the seconds of training."""
    start = time.perf_counter()
    solver.step(iterations)
    seconds = time.perf_counter() - start
    return test(solver), seconds


def test(solver: Solver) -> float:
    """The accuracy of the weights as they are now."""
    net = solver.test_nets[0]
    net.share_trained_layers(solver.net)
    found = []
    for _ in range(solver.param.test_iter[0]):
        net.forward()
        found.append(float(net.blob("accuracy").data))
    return float(np.mean(found))


def picture(path: str | None) -> tuple[np.ndarray, str]:
    """3 x 32 x 32 of red, green, blue from 0 to 255, and what the picture is called."""
    if path is None:
        with db.open_db(f"{DATA}/cifar10_test_lmdb", "lmdb") as reader:
            record = caffe_pb2.Datum.FromString(next(iter(reader))[1])
        return (datum.to_array(record).astype(np.float32),
                f"the first test picture (a {CLASSES[record.label]})")
    image = io.resize_image(io.load_image(path), (SIZE, SIZE))
    return 255 * image.transpose(2, 0, 1), path


def predict(solver: Solver, end: str, pixels: np.ndarray) -> list[tuple[float, str]]:
    """Probability and class, the most probable first."""
    mean = caffe_pb2.BlobProto()
    mean.ParseFromString(Path(f"{DATA}/mean.binaryproto").read_bytes())
    net = Net(f"{MODEL}/deploy{end}.prototxt", caffe_pb2.TEST, context=Context())
    net.share_trained_layers(solver.net)
    net.blob("data").data[0] = pixels - io.blobproto_to_array(mean).reshape(3, SIZE, SIZE)
    net.forward()
    ranked = np.argsort(-net.blob("prob").data[0])
    return [(float(net.blob("prob").data[0, i]), CLASSES[i]) for i in ranked]


def solver_for(end: str, seed: int) -> tuple[Solver, int]:
    """The solver, and how many iterations are a pass."""
    param, _ = read_solver_param(f"{MODEL}/solver{end}.prototxt")
    iterations = param.test_interval
    param.random_seed = seed
    # tests, snapshots and displays are this script's business
    param.test_interval = param.max_iter + 1
    param.display = param.snapshot = 0
    param.snapshot_after_train = False
    return create_solver(param), iterations


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="train_alexnet_cifar10.sh", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=1, metavar="N", help="passes (1)")
    parser.add_argument("--iterations", type=int, metavar="N",
                        help="a pass ends after so many, for a quick look")
    parser.add_argument("--picture", metavar="FILE", help="what to predict at the end")
    parser.add_argument("--seed", type=int, default=1701, metavar="N", help="(1701)")
    parser.add_argument("--from", dest="folder", default=os.getcwd(), help=argparse.SUPPRESS)
    given = parser.parse_args()
    chosen = given.picture and os.path.join(given.folder, given.picture)
    os.chdir(ROOT)
    try:
        compare(given.epochs, given.iterations, chosen, given.seed)
    except CaffeError as error:
        sys.exit(f"train_alexnet_cifar10.sh: {error}")


def compare(epochs: int, iterations: int | None, chosen: str | None, seed: int) -> None:
    """Train, show, predict."""
    pixels, title = picture(chosen)  # before hours of training: the file may not be there
    solvers = {name: solver_for(end, seed) for name, end in NETS.items()}
    print(f"{'':7}" + "".join(f"{name:>26}" for name in NETS))
    print(f"{'epoch':7}" + f"{'accuracy':>16}{'seconds':>10}" * len(NETS), flush=True)
    for number in range(1, epochs + 1):
        row = f"{number:<7}"
        for solver, whole in solvers.values():
            accuracy, seconds = epoch(solver, iterations or whole)
            row += f"{accuracy:16.2%}{seconds:10.1f}"
        print(row, flush=True)
    print(f"\nWhat {title} shows:")
    for name, end in NETS.items():
        best = predict(solvers[name][0], end, pixels)[:3]
        print(f"  {name + ':':13} " + ", ".join(f"{label} {p:.1%}" for p, label in best))


if __name__ == "__main__":
    main()
