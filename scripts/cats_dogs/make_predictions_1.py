"""Cat (0) or dog (1)? Asks the net that learnt from nothing, and writes a CSV.

    python scripts/cats_dogs/make_predictions_1.py
"""

from __future__ import annotations

from pathlib import Path

from prediction import predict

from caffepy.cli import gflags

DATA = "data/cats_dogs"


@gflags.command("make_predictions_1", help="Write what the net says of each picture to a CSV.")
@gflags.flag("deploy", str, str(Path(__file__).with_name("deploy_1.prototxt")), "The net.")
@gflags.flag("weights", str, f"{DATA}/model_1_iter_10000.caffemodel", "Its weights.")
@gflags.flag("mean", str, f"{DATA}/mean.binaryproto", "The mean picture of its training.")
@gflags.flag("pictures", str, f"{DATA}/test", "Folder of the pictures.")
@gflags.flag("out", str, f"{DATA}/predictions_1.csv", "The CSV to write.")
def main(deploy: str, weights: str, mean: str, pictures: str, out: str) -> None:
    predict(deploy, weights, mean, pictures, out)


if __name__ == "__main__":
    main()
