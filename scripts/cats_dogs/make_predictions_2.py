"""Cat (0) or dog (1)? Asks the net that started from CaffeNet's weights, and writes a CSV.

    python scripts/cats_dogs/make_predictions_2.py
"""

from __future__ import annotations

from pathlib import Path

from prediction import predict

from caffepy.cli import gflags

DATA = "data/cats_dogs"


@gflags.command("make_predictions_2", help="Write what the net says of each picture to a CSV.")
@gflags.flag("deploy", str, str(Path(__file__).with_name("deploy_2.prototxt")), "The net.")
@gflags.flag("weights", str, f"{DATA}/model_2_iter_1000.caffemodel", "Its weights.")
@gflags.flag("mean", str, f"{DATA}/mean.binaryproto", "The mean picture of its training.")
@gflags.flag("pictures", str, f"{DATA}/test", "Folder of the pictures.")
@gflags.flag("out", str, f"{DATA}/predictions_2.csv", "The CSV to write.")
def main(deploy: str, weights: str, mean: str, pictures: str, out: str) -> None:
    predict(deploy, weights, mean, pictures, out)


if __name__ == "__main__":
    main()
