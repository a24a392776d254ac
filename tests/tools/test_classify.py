"""classify through its installed command: the scores are the Classifier's, row for row."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import Classifier, Net, io
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L
from caffepy.proto import caffe_pb2
from caffepy.services import classification, prediction
from caffepy.tools.classify import main

RNG = np.random.default_rng(1701)
CLASSES = 7


def save_model(folder, channels=3, name="deploy"):
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[4, channels, 8, 8]))
    n.ip = L.InnerProduct(n.data, num_output=CLASSES,
                          weight_filler=dict(type="gaussian", std=0.01))
    n.prob = L.Softmax(n.ip)
    (folder / f"{name}.prototxt").write_text(str(n.to_proto()))
    Net(str(folder / f"{name}.prototxt"), 1).save(str(folder / f"{name}.caffemodel"))
    return (f"--model_def={folder}/{name}.prototxt",
            f"--pretrained_model={folder}/{name}.caffemodel")


@pytest.fixture
def model(tmp_path):
    """The flags of a small net, with three pictures, one in a sub-folder, beside it."""
    (tmp_path / "more ü").mkdir()
    for name in ("b.jpg", "a.JPG", "more ü/c d.png"):
        done, data = cv2.imencode(name[-4:], RNG.integers(0, 256, (12, 14, 3), np.uint8))
        (tmp_path / name).write_bytes(data.tobytes())
    return (*save_model(tmp_path), "--images_dim=10,9", "--mean_value=104,117,123")


def scores(folder, *names, oversample=True, **settings):
    settings = {"mean": np.array([104, 117, 123]), "raw_scale": 255, "channel_swap": (2, 1, 0),
                "image_dims": (10, 9), **settings}
    net = Classifier(str(folder / "deploy.prototxt"), str(folder / "deploy.caffemodel"), **settings)
    return net.predict([io.load_image(str(folder / name)) for name in names], oversample)


def test_the_installed_command_writes_rows_and_prints_the_best(model, shell, tmp_path, messages):
    (tmp_path / "names").write_text("".join(f"n{i} thing {i}\n" for i in range(CLASSES)))
    done = shell("classify", *model, "--labels=names", "--top=2", "b.jpg", "more ü/c d.png", "out")
    assert done.returncode == 0, done.stderr
    expected = scores(tmp_path, "b.jpg", "more ü/c d.png")
    assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-4)
    lines = []
    for name, row in zip(("b.jpg", "more ü/c d.png"), expected, strict=True):
        first, second = np.argsort(-row)[:2]
        lines += [f"---------- Prediction for {name} ----------",
                  f'{row[first]:.4f} - "n{first} thing {first}"',
                  f'{row[second]:.4f} - "n{second} thing {second}"']
    assert done.stdout.splitlines() == lines
    assert messages(done.stderr)[-1] == "Saved the scores into out.npy"


def test_broken_pictures_of_a_folder_are_left_out_and_said(model, call, tmp_path):
    whole = (tmp_path / "b.jpg").read_bytes()
    (tmp_path / "more ü" / "cut.jpg").write_bytes(whole[:30])
    done = call(main, *model, tmp_path / "more ü", tmp_path / "out")
    assert done.exit_code == 1
    assert "left out: " in done.output and "1 files were left out" in done.output
    assert len(np.load(tmp_path / "out.npy")) == 1
    (tmp_path / "more ü" / "c d.png").unlink()
    done = call(main, *model, tmp_path / "more ü", tmp_path / "none")
    assert done.exit_code == 1 and not (tmp_path / "none.npy").exists()
    done = call(main, *model, tmp_path / "more ü" / "cut.jpg")
    assert done.exit_code == 1 and "cut.jpg" in done.output.splitlines()[-1]


def test_a_folder_is_taken_by_name_and_ending(model, call, tmp_path):
    """All pictures in it and below; with an ending those alone that end so."""
    for more, names in ((["--ext=jpg"], ("a.JPG", "b.jpg")),
                        ([], ("a.JPG", "b.jpg", "more ü/c d.png"))):
        done = call(main, *model, *more, "--center_only", "--top=0", tmp_path, tmp_path / "out.npy")
        assert done.exit_code == 0, done.output
        expected = scores(tmp_path, *names, oversample=False)
        assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-4)
    (tmp_path / "none").mkdir()
    done = call(main, *model, tmp_path / "none")
    assert done.exit_code == 1 and "none: the folder has no picture" in done.output
    done = call(main, *model, "--ext=jpg", tmp_path / "more ü")
    assert done.exit_code == 1
    assert "no picture that ends in .jpg (found .png). Say --ext=png." in done.output
    done = call(main, *model, "-ext=.PNG", "-top", "1", tmp_path / "more ü")
    assert done.exit_code == 0 and "c d.png" in done.output and "- " in done.output


def test_arrays_of_pictures(model, call, tmp_path):
    pictures = [io.load_image(str(tmp_path / name)) for name in ("b.jpg", "a.JPG")]
    np.save(tmp_path / "two.npy", np.stack(pictures))
    np.save(tmp_path / "one.npy", pictures[1])
    done = call(main, *model, tmp_path / "two.npy", tmp_path / "one.npy", tmp_path / "out.npy")
    assert "two.npy[1]" in done.output and "one.npy[0]" in done.output
    assert_allclose(np.load(tmp_path / "out.npy"), scores(tmp_path, "b.jpg", "a.JPG", "a.JPG"),
                    rtol=1e-4)


def test_scales_and_means_of_all_kinds(model, call, tmp_path):
    mean = RNG.uniform(80, 140, (3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "mean.npy", mean.astype(np.float64))
    blob = caffe_pb2.BlobProto(num=1, channels=3, height=8, width=8, data=mean.ravel().tolist())
    (tmp_path / "mean.binaryproto").write_bytes(blob.SerializeToString())
    expected = scores(tmp_path, "b.jpg", mean=mean, input_scale=0.5, raw_scale=200,
                      channel_swap=None)
    for name in ("mean.npy", "mean.binaryproto"):
        call(main, *model[:3], f"--mean_file={tmp_path}/{name}", "--input_scale=0.5",
             "--raw_scale=200", "--channel_swap=", tmp_path / "b.jpg", tmp_path / "out.npy")
        assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-4)


def test_one_channel_needs_neither_mean_nor_swap(call, tmp_path, model):
    flags = save_model(tmp_path, 1, "gray")
    done = call(main, *flags, "--images_dim=8,8", "--center_only", tmp_path / "b.jpg",
                tmp_path / "out.npy")
    assert done.exit_code == 0, done.output
    net = Classifier(str(tmp_path / "gray.prototxt"), str(tmp_path / "gray.caffemodel"),
                     raw_scale=255)
    picture = io.load_image(str(tmp_path / "b.jpg"), color=False)
    assert_allclose(np.load(tmp_path / "out.npy"), net.predict([picture], False), rtol=1e-4)


def test_many_pictures_go_through_in_parts(model, call, tmp_path, monkeypatch):
    monkeypatch.setattr(classification, "AT_ONCE", 2)
    names = ["b.jpg", "a.JPG", "more ü/c d.png", "b.jpg", "a.JPG"]
    call(main, *model, *(tmp_path / name for name in names), tmp_path / "out.npy")
    assert_allclose(np.load(tmp_path / "out.npy"), scores(tmp_path, *names), rtol=1e-4)


def test_the_last_word(tmp_path):
    (tmp_path / "here.jpg").touch()
    here, out = str(tmp_path / "here.jpg"), str(tmp_path / "out.npy")
    assert classification.split_words([here]) == ([here], "")
    assert classification.split_words([here, here]) == ([here, here], "")
    (tmp_path / "out.npy").touch()
    assert classification.split_words([here, out]) == ([here], out)
    assert classification.split_words([here, "scores"]) == ([here], "scores")
    assert classification.split_words([out]) == ([out], "")


@pytest.mark.parametrize("arguments, said", [
    (("b.jpg", "gone.png"), "gone.png: there is no such picture"),
    (("gone.jpg",), "File not found: gone.jpg"),
    (("deploy.prototxt",), "not a picture that can be decoded"),
    (("--labels=gone", "b.jpg"), "gone: there is no such file of names"),
    (("--mean_value=", "--mean_file=gone.npy", "b.jpg"), "Name yours by --mean_file"),
    (("--mean_value=1,x", "b.jpg"), "illegal value '1,x' specified for flag 'mean_value'"),
    (("--mean_value=1,2", "b.jpg"), "Mean channels incompatible with input"),
    (("--images_dim=256", "b.jpg"), "flag 'images_dim' (allowed: height,width)"),
    (("--images_dim=4,4", "b.jpg"), "image_dims must not be smaller"),
    (("--pretrained_model=gone", "b.jpg"), "gone: there are no such weights"),
    (("--model_def=train.prototxt", "b.jpg"), "no input for pictures"),
    (("text.npy", "o.npy"), "text.npy: the array cannot be read"),
    ((), "Missing argument '[NET WEIGHTS] INPUT... [OUTPUT]'"),
])
def test_what_goes_wrong_is_one_line(model, call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.npy").write_text("nonsense")
    (tmp_path / "train.prototxt").write_text(
        'layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 1 } } }')
    done = call(main, *model, *arguments)
    assert done.exit_code == 1 and said in done.output, done.output
    assert "Traceback" not in done.output and "bug" not in done.output


@pytest.mark.parametrize("flags, device", [
    (("--gpu",), "0"), (("-gpu", "1"), "1"), (("--gpu=2",), "2"), ((), "")])
def test_gpu_is_a_switch_that_may_have_a_number(model, call, monkeypatch, tmp_path, flags, device):
    asked = []
    monkeypatch.setattr("caffepy.services.devices.choose", lambda spec: asked.append(spec) or [])
    assert call(main, *model, *flags, tmp_path / "b.jpg").exit_code == 0
    assert asked == [device]


def test_without_flags_it_is_caffenet_with_its_mean(call, tmp_path, monkeypatch, model):
    """The defaults are found from the root of a clone, whatever the folder."""
    monkeypatch.chdir(tmp_path)
    done = call(main, "b.jpg")
    assert done.exit_code == 1
    assert "bvlc_reference_caffenet.caffemodel" in done.output
    assert "download_model_binary models/caffenet" in done.output
    monkeypatch.setattr(prediction, "here", str)
    (tmp_path / "models" / "caffenet").mkdir(parents=True)
    for default, name in ((prediction.MODEL, "prototxt"), (prediction.WEIGHTS, "caffemodel")):
        (tmp_path / f"deploy.{name}").rename(tmp_path / default)
    done = call(main, "b.jpg")
    assert done.exit_code == 1
    assert "data/ilsvrc12/get_ilsvrc_aux.sh makes ImageNet's" in done.output
