import click
import pytest
from nets import ALEXNET_V1
from recorded_data import make_db, records
from support import REFERENCE

from caffepy.cli.net_table import table
from caffepy.errors import CaffeError
from caffepy.services.summary import summarize
from caffepy.tools.summarize import main


def write(path, text):
    path.write_text(text)
    return str(path)


def test_known_figures_of_alexnet(tmp_path):
    found = summarize(write(tmp_path / "net", ALEXNET_V1.replace("CLASSES", "22")))
    rows = {row.name: row for row in found.rows}
    # what the first versions printed, before the loss's single float
    assert found.total("memory") - rows["loss"].memory == 1073760256
    assert rows["conv1"].shapes == [(256, 96, 55, 55)] and rows["conv1"].memory == 4 * 74342400
    assert rows["pool5"].shapes == [(256, 256, 6, 6)] and rows["pool5"].memory == 4 * 2359296
    assert rows["relu1"].memory == 0 and rows["relu1"].params == 0
    assert (rows["conv2"].detail, rows["pool1"].detail) == ("5/1+2 256/2", "MAX 3/2+0")
    found = summarize(write(tmp_path / "net", ALEXNET_V1.replace("CLASSES", "1000")))
    assert found.params == found.total("params") == 60965224
    # 724,406,816 multiply-adds: 105,415,200 + 223,948,800 + 149,520,384 + 112,140,288
    # + 74,760,192 in the convolutions, 37,748,736 + 16,777,216 + 4,096,000 behind them
    assert found.total("multiply_adds") == 256 * 724406816
    assert found.unread == {"loss"} and not found.unmade and not found.notes


def test_the_installed_command(shell, tmp_path):
    write(tmp_path / "net", ALEXNET_V1.replace("CLASSES", "22"))
    done = shell("summarize", "net")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Old: 24 layers" and lines[1].split()[:3] == ["name", "type", "params"]
    conv1 = next(line for line in lines if line.startswith("conv1"))
    assert conv1.split() == (
        "conv1 Convolution 34,944 26,986,291,200 297,369,600 data -> conv1 "
        "256 x 96 x 55 x 55 11/4+0 96").split()
    assert "each counted once: 1,073,760,260 bytes (1.0 GiB)" in done.stdout
    assert lines[-1] == "Outputs: loss"
    assert "\x1b[" not in done.stdout
    again = shell("caffepy", "summary", "net")
    assert again.stdout == done.stdout


DATA = """
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: PHASE }
        data_param { source: "SOURCE" backend: LMDB batch_size: 7 }
        transform_param { mean_file: "gone.binaryproto" CROP } }
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
        convolution_param { num_output: 4 kernel_h: 3 kernel_w: 5 pad: 1 stride: 2 } }
layer { name: "f" type: "Flatten" bottom: "c" top: "f" }
layer { name: "ip" type: "InnerProduct" bottom: "f" top: "ip"
        inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" }
"""


def data_net(tmp_path, source="gone_lmdb", crop="", phase="TRAIN"):
    text = DATA.replace("SOURCE", str(source)).replace("CROP", crop).replace("PHASE", phase)
    return write(tmp_path / "data.prototxt", text)


def test_data_layers_without_their_database(tmp_path):
    found = summarize(data_net(tmp_path, crop="crop_size: 32"))
    assert found.rows[0].shapes == [(7, 3, 32, 32), (7,)] and found.batch == 7
    assert found.notes == ["layer 'd': gone_lmdb is not there; taken as 7 x 3 x 32 x 32"]
    found = summarize(data_net(tmp_path), input_shape=[1, 28, 28])
    assert found.rows[0].shapes == [(7, 1, 28, 28), (7,)]
    assert found.rows[1].detail == "3x5/2+1 4"
    assert found.rows[2].memory == 0  # Flatten shows the same numbers
    assert [row.name for row in found.rows] == ["d", "c", "f", "ip", "loss", "acc"]  # no Splits


def test_without_any_size_the_table_has_no_shapes(tmp_path, call):
    done = call(main, data_net(tmp_path))
    assert done.exit_code == 0, done.output
    assert "say -input_shape=C,H,W" in done.output and "Parameters" not in done.output
    assert "Outputs: acc, loss" in done.output
    assert call(main, "-input_shape=1,28,28", data_net(tmp_path)).output.count("Note:") == 1


def test_a_database_that_is_there_says_its_shape(tmp_path):
    database = make_db(tmp_path / "db", records("plain"))
    text = DATA.replace('mean_file: "gone.binaryproto" CROP', "").replace("PHASE", "TRAIN")
    found = summarize(write(tmp_path / "net", text.replace("SOURCE", database)))
    assert found.rows[0].shapes == [(7, 3, 32, 32), (7,)] and not found.notes


def test_phases(tmp_path, call):
    path = data_net(tmp_path, crop="crop_size: 9", phase="TEST")
    assert len(summarize(path, "TEST").rows) == 6
    done = call(main, path)
    assert done.exit_code == 1 and "Unknown bottom blob 'data'" in done.output
    assert call(main, "-phase=TEST", path).exit_code == 0


def test_blobs_that_nobody_makes_or_reads_are_marked(tmp_path):
    found = summarize(data_net(tmp_path))
    found.rows[1].bottoms[0] = "dada"
    found.unmade = {"dada"}
    text = table(found, color=True)
    assert click.style("dada", fg="red") in text and click.style("acc", fg="cyan") in text
    assert "No layer makes: dada" in text
    plain = [line.rstrip() for line in click.unstyle(text).splitlines()]
    assert plain == table(found).splitlines()


def test_wide_columns_are_cut(tmp_path, call):
    path = data_net(tmp_path, crop="crop_size: 32")
    narrow = call(main, "-w", 8, path).output
    assert "Convolu…" in narrow and "Convolution" not in narrow
    assert call(main, "--max-width=8", path).output == narrow
    assert call(main, "-w=1", path).exit_code == 1


@pytest.mark.parametrize("name", ["lstm", "deconvolution"])
def test_multiply_adds_of_other_layers(tmp_path, name):
    text = {
        # 6 steps of 2 streams: 4 x 5 gates from 3 inputs and 5 outputs
        "lstm": 'layer { name: "i" type: "Input" top: "x" top: "c" input_param { '
                'shape { dim: 6 dim: 2 dim: 3 } shape { dim: 6 dim: 2 } } } layer { name: "l" '
                'type: "LSTM" bottom: "x" bottom: "c" top: "y" '
                'recurrent_param { num_output: 5 weight_filler { type: "xavier" } } }',
        # each of 2 x 4 x 5 x 5 numbers is spread over 3 / 1 channels of 3 x 3
        "deconvolution": 'layer { name: "i" type: "Input" top: "x" input_param { '
                         'shape { dim: 2 dim: 4 dim: 5 dim: 5 } } } layer { name: "l" '
                         'type: "Deconvolution" bottom: "x" top: "y" '
                         'convolution_param { num_output: 3 kernel_size: 3 } }',
    }[name]
    wanted = {"lstm": 12 * 20 * (3 + 5), "deconvolution": 2 * 4 * 25 * 3 * 9}[name]
    found = summarize(write(tmp_path / "net", text))
    assert found.rows[1].multiply_adds == wanted


def test_bad_calls(call, tmp_path):
    done = call(main, tmp_path / "none")
    assert done.exit_code == 1 and "File not found" in done.output
    done = call(main, "-input_shape=3,x", data_net(tmp_path))
    assert done.exit_code == 1 and "must be numbers" in done.output
    done = call(main, "-phase=TRIAN", data_net(tmp_path))
    assert done.exit_code == 1 and "Did you mean TRAIN" in done.output
    with pytest.raises(CaffeError):
        summarize(write(tmp_path / "net", 'layer { name: "a" type: "ReLU" bogus: 1 }'))


def test_the_recorded_old_nets_have_a_table(call):
    for name, last in (("v0_net", "loss"), ("old_inputs", "Outputs: bn")):
        done = call(main, REFERENCE / "upgrade" / f"{name}.prototxt")
        assert done.exit_code == 0, done.output
        assert "Parameters: " in done.output and last in done.output
