"""Writes the nets and solvers of this folder: CaffeNet with two outputs instead of a thousand.

    python scripts/cats_dogs/make_nets.py                                 # the files beside this
    python scripts/cats_dogs/make_nets.py --small --data DIR --out DIR    # for 48 x 48 pixels

1 learns all layers from random weights. 2 starts from weights that were learnt on other pictures:
its last layer has a name of its own and so begins anew, and all others are frozen (lr_mult: 0).
The classifier learns the last layer alone, from features that were computed beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caffepy import layers as L
from caffepy.cli import gflags
from caffepy.core.upgrade import read_net_param
from caffepy.net_spec import NetSpec
from caffepy.proto import caffe_pb2
from caffepy.proto.text import to_text

HERE = Path(__file__).resolve().parent
CAFFENET = HERE.parents[1] / "models" / "caffenet"
DATA = "data/cats_dogs"
LAST, NEW_LAST = "fc8", "fc8_cats_dogs"
PICTURES = 25000  # in the training folder of the competition


@dataclass(frozen=True)
class Plan:
    """The numbers of a training.

    Attributes:
        batches: pictures at a time, in training and in testing.
        rate: of learning; falls to a tenth every ``step`` iterations.
        interval: iterations between two tests.
        tests: batches of a test.
        rule: the update rule.
    """

    batches: tuple[int, int]
    rate: float
    step: int
    iterations: int
    interval: int
    tests: int
    display: int
    rule: str = "SGD"


TESTS = -(-PICTURES // 6 // 50)  # batches of 50 that see each picture of validation
FULL = {
    1: Plan((256, 50), 0.001, 2500, 10000, 500, TESTS, 50),
    2: Plan((256, 50), 0.001, 500, 1000, 100, TESTS, 10),
    0: Plan((256, 50), 0.01, 1000, 2000, 100, TESTS, 50),
}
SMALL = dict.fromkeys((0, 1, 2), Plan((20, 20), 0.001, 1000, 100, 20, 5, 5, "Adam"))
SMALL_SIZE = 48
SMALL_OUTPUTS = {"conv1": 16, "conv2": 32, "conv3": 48, "conv4": 48, "conv5": 32,
                 "fc6": 64, "fc7": 64}


def caffenet(name: str, data: str, plan: Plan, small: bool) -> Any:
    """models/caffenet/``name`` with two outputs and this folder of data."""
    net, _ = read_net_param(CAFFENET / name)
    net.name = "CatsDogsCaffeNet"
    for layer in net.layer:
        if layer.type == "Data":
            train = layer.include[0].phase == caffe_pb2.TRAIN
            layer.data_param.source = f"{data}/{'train' if train else 'validation'}_lmdb"
            layer.data_param.batch_size = plan.batches[0 if train else 1]
            layer.transform_param.mean_file = f"{data}/mean.binaryproto"
        elif layer.name == LAST:
            layer.inner_product_param.num_output = 2
    if small:
        shrink(net)
    return net


def shrink(net: Any) -> None:
    """Fewer outputs, and a first layer for pictures of 48 x 48."""
    for layer in net.layer:
        if layer.type == "Data":
            layer.transform_param.crop_size = SMALL_SIZE
        elif layer.type == "Input":
            layer.input_param.shape[0].dim[2:] = [SMALL_SIZE, SMALL_SIZE]
        elif layer.type == "Dropout":
            layer.dropout_param.dropout_ratio = 0.1
        param = {"Convolution": layer.convolution_param,
                 "InnerProduct": layer.inner_product_param}.get(layer.type)
        if param is None:
            continue
        param.num_output = SMALL_OUTPUTS.get(layer.name, param.num_output)
        if param.HasField("weight_filler"):  # CaffeNet's are meant for its many inputs
            filler = caffe_pb2.FillerParameter(type="msra")
            if layer.name == "conv1":  # for Adam this is as if pixels were divided by 100
                filler = caffe_pb2.FillerParameter(type="gaussian", std=0.002)
                layer.param[0].lr_mult = 0.01
            param.weight_filler.CopyFrom(filler)
            param.bias_filler.CopyFrom(caffe_pb2.FillerParameter(value=0))
        if layer.name == "conv1":
            param.kernel_size[:] = [5]
            param.stride[:] = [2]


def transfer(net: Any) -> Any:
    """All frozen but the last layer, which gets a new name and learns ten times as fast."""
    for layer in net.layer:
        if layer.name == LAST:
            layer.name = NEW_LAST
            for param, rate in zip(layer.param, (10, 20), strict=False):
                param.lr_mult = rate
        else:
            for param in layer.param:
                param.lr_mult = 0
        for blobs in (layer.bottom, layer.top):
            blobs[:] = [NEW_LAST if blob == LAST else blob for blob in blobs]
    return net


def classifier(data: str, plan: Plan) -> Any:
    """Features into two classes."""
    n = NetSpec()
    for name, phase, batch in zip(("train", "validation"), ("TRAIN", "TEST"), plan.batches,
                                  strict=True):
        both = L.HDF5Data(name="data", ntop=2, include={"phase": phase}, batch_size=batch,
                          source=f"{data}/features_{name}.txt", shuffle=phase == "TRAIN")
        if phase == "TRAIN":
            n.data, n.label = both
        else:
            n.testing = L.HDF5Data(name="data", ntop=0, top=["data", "label"],
                                   include={"phase": phase}, batch_size=batch,
                                   source=f"{data}/features_{name}.txt")
    n[NEW_LAST] = L.InnerProduct(n.data, num_output=2,
                                 weight_filler={"type": "gaussian", "std": 0.01})
    n.loss = L.SoftmaxWithLoss(n[NEW_LAST], n.label)
    n.accuracy = L.Accuracy(n[NEW_LAST], n.label, include={"phase": "TEST"})
    net = n.to_proto()
    net.name = "CatsDogsClassifier"
    return net


def solver(net: str, prefix: str, plan: Plan) -> Any:
    """How a net is trained."""
    return caffe_pb2.SolverParameter(
        net=net, test_iter=[plan.tests], test_interval=plan.interval, base_lr=plan.rate,
        lr_policy="step", gamma=0.1, stepsize=plan.step, momentum=0.9, weight_decay=0.0005,
        type=plan.rule, display=plan.display, max_iter=plan.iterations, snapshot=plan.iterations,
        snapshot_prefix=prefix, solver_mode="CPU", random_seed=1)


def files(data: str = DATA, out: str = "scripts/cats_dogs", small: bool = False) -> dict[str, Any]:
    """File name to message.

    Args:
        data: the folder of the databases, as the nets name it.
        out: the folder that these files will lie in, as the solvers name it.
    """
    plans = SMALL if small else FULL
    found: dict[str, Any] = {}
    for kind in ("train_val", "deploy"):
        for number in (1, 2):
            net = caffenet(f"{kind}.prototxt", data, plans[number], small)
            found[f"{kind}_{number}.prototxt"] = net if number == 1 else transfer(net)
    found["classifier.prototxt"] = classifier(data, plans[0])
    for number in (1, 2):
        found[f"solver_{number}.prototxt"] = solver(
            f"{out}/train_val_{number}.prototxt", f"{data}/model_{number}", plans[number])
    found["classifier_solver.prototxt"] = solver(
        f"{out}/classifier.prototxt", f"{data}/classifier", plans[0])
    return found


def write(out: Path, made: dict[str, Any]) -> None:
    """Write the files into ``out``, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    for name, message in made.items():
        head = "# Written by make_nets.py: change that, and run it.\n"
        (out / name).write_text(head + to_text(message).replace("\nlayer {", "\n\nlayer {"))


@gflags.command("make_nets", help="Write the nets and solvers of cats and dogs.")
@gflags.flag("data", str, DATA, "Folder of the databases.")
@gflags.flag("out", str, "", "Folder to write to; scripts/cats_dogs if left out.")
@gflags.flag("small", bool, False, "Small nets for pictures of 48 x 48.")
def main(data: str, out: str, small: bool) -> None:
    write(Path(out or HERE), files(data, out or "scripts/cats_dogs", small))


if __name__ == "__main__":
    main()
