"""convert_annoset: the fork's databases, what the flags do, pictures with labels."""

import shutil

import cv2
import numpy as np
import pytest
from annosets import HEIGHT, WIDTH, Folder, records, thing, voc
from annotated import batches, line
from picture_files import content
from recorded_data import ANNOTATED, FOLDER, annotated_records

from caffepy.data import datum
from caffepy.proto import caffe_pb2
from caffepy.services.picture_records import scale_of
from caffepy.tools.convert_annoset import main


@pytest.fixture
def recorded(tmp_path):
    """Root, list and label map of the recorded databases."""
    root = tmp_path / "root"
    shutil.copytree(FOLDER / "images", root / "images")
    shutil.copytree(ANNOTATED / "xml", root / "xml")
    return f"{root}/", ANNOTATED / "list.txt", ANNOTATED / "labelmap.prototxt"


@pytest.fixture
def made(tmp_path):
    folder = Folder(tmp_path)
    for left in (5, 10, 20, 30):
        folder.add(voc(thing("cat", left, 10, left + 10, 30)))
    return folder


def args_of(name):
    with np.load(ANNOTATED / "annotated_data.npz") as file:
        return [str(word) for word in file[f"db/{name}/args"]]


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("name", ["png", "raw_resized", "min_dim"])
def test_databases_equal_the_forks(call, recorded, tmp_path, name, jobs):
    root, listfile, labels = recorded
    done = call(main, "--anno_type=detection", f"--label_map_file={labels}", "--check_label",
                *args_of(name), f"--jobs={jobs}", root, listfile, tmp_path / "db")
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "db") == annotated_records(name)


def test_leveldb_has_the_same(shell, recorded, tmp_path, messages):
    root, listfile, labels = recorded
    done = shell("convert_annoset", "-anno_type", "detection", "-label_map_file", labels,
                 "-backend", "leveldb", "-encode_type", "png", root, listfile, "db")
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "db", "leveldb") == annotated_records("png")
    assert messages(done.stderr) == [
        "encode_type specified, assuming encoded=true.", "A total of 5 images.",
        "Processed 5 files.", "Boxes of each class: cat 4, dog 4", "Pictures without a box: 1"]


def test_labels_without_boxes(call, tmp_path):
    folder = Folder(tmp_path)
    for label in (3, -1):
        folder.listed(f"{folder.picture(f'{label}.png')} {label}")
    done = call(main, folder.root, folder.list, tmp_path / "db")
    assert done.exit_code == 0, done.output
    found = [caffe_pb2.AnnotatedDatum.FromString(value) for _, value in content(tmp_path / "db")]
    assert [one.datum.label for one in found] == [3, -1]
    assert not any(one.HasField("type") or one.annotation_group for one in found)
    assert "Pictures of each label: -1: 1, 3: 1" in done.output


def test_shuffling_is_a_function_of_the_seed_and_jobs_change_nothing(call, made, tmp_path):
    orders = []
    for name, flags in (("a", []), ("b", ["--jobs=3"]), ("c", ["--seed=2"])):
        done = call(main, *made.words("--shuffle", *flags, db=name))
        assert done.exit_code == 0 and "Shuffling data" in done.output
        keys = [key for key, _ in content(tmp_path / name)]
        assert [key[:9] for key in keys] == [b"%08d_" % i for i in range(4)]
        orders.append([key[9:] for key in keys])
    assert orders[0] == orders[1] != orders[2] and sorted(orders[0]) == sorted(orders[2])


@pytest.mark.parametrize("flags, shape", [
    (["--gray"], (1, HEIGHT, WIDTH)),
    (["--resize_height=8", "--resize_width=9"], (3, 8, 9)),
    (["--min_dim=80"], (3, 80, 100)),
    (["--max_dim=25"], (3, 20, 25)),
    (["--min_dim=60", "--max_dim=60"], (3, 48, 60)),    # the longer side's bound is the harder
    (["--max_dim=25", "--resize_height=8", "--resize_width=9"], (3, 20, 25)),
    (["--max_dim=25", "--encode_type=jpg", "--gray"], (1, 20, 25)),
])
def test_sizes_and_channels_and_boxes_stay_shares_of_the_picture(call, made, tmp_path, flags,
                                                                 shape):
    done = call(main, *made.words(*flags))
    assert done.exit_code == 0, done.output
    for _, value in content(tmp_path / "db"):
        one = caffe_pb2.AnnotatedDatum.FromString(value).datum
        assert (one.channels, one.height, one.width) == shape == datum.to_array(one).shape
    expected = np.float32([5, 10, 15, 30]) / np.float32([WIDTH, HEIGHT] * 2)
    np.testing.assert_array_equal(records(tmp_path / "db")["0.png"][0, 2:6], expected)


def test_scales():
    assert scale_of(30, 40, 0, 0) == scale_of(30, 40, 30, 40) == scale_of(30, 40, 20, 50) == 1
    assert scale_of(30, 40, 60, 0) == 2
    assert scale_of(30, 40, 0, 10) == 0.25
    assert scale_of(40, 30, 60, 60) == 1.5
    assert scale_of(30, 40, 33, 44) == np.float32(33) / np.float32(30)  # 44.0 is not above 44


def test_encoded_files_keep_their_bytes(call, made, tmp_path):
    call(main, *made.words("--encoded"))
    for name, (_, value) in zip("0123", content(tmp_path / "db"), strict=True):
        one = caffe_pb2.AnnotatedDatum.FromString(value).datum
        assert one.encoded and one.data == (tmp_path / f"{name}.png").read_bytes()


def test_check_size(call, made, tmp_path):
    made.add(voc(size=None), size=(30, 30))
    done = call(main, *made.words("--check_size"))
    assert done.exit_code == 1 and "list.txt:5 (4.png): Incorrect data field size" in done.output
    assert not (tmp_path / "db").exists()


def test_the_boxes_reach_a_net(call, made, tmp_path):
    call(main, *made.words("--encoded"))
    (_, labels), = batches(line(tmp_path / "db", own=f'label_map_file: "{made.map}"', batch=4), 1,
                           "TEST")
    left = np.float32([5, 10, 20, 30]) / np.float32(WIDTH)
    expected = [[i, 1, 0, x, 0.25, x + np.float32(0.2), 0.75, 0] for i, x in enumerate(left)]
    np.testing.assert_allclose(labels[0, 0], expected, rtol=1e-6)


def test_a_database_that_is_there(call, made, tmp_path):
    assert call(main, *made.words()).exit_code == 0
    before = content(tmp_path / "db")
    done = call(main, *made.words("--gray"))
    assert done.exit_code == 1 and "name is taken" in done.output
    assert content(tmp_path / "db") == before
    assert call(main, *made.words("--gray", "--overwrite")).exit_code == 0
    assert len(content(tmp_path / "db")[0][1]) < len(before[0][1])


def test_paths_with_blanks(call, tmp_path):
    folder = Folder(tmp_path)
    folder.add(voc(thing("dog", 1, 2, 3, 4)))
    (tmp_path / "my pictures").mkdir()
    cv2.imwrite(str(tmp_path / "my pictures" / "a b.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    (tmp_path / "my pictures" / "a b.xml").write_text(voc(thing("cat", 1, 2, 3, 4)))
    folder.listed("my pictures/a b.png \tmy pictures/a b.xml ")
    done = call(main, *folder.words())
    assert done.exit_code == 0, done.output
    found = records(tmp_path / "db")
    assert found["my pictures/a b.png"][0, 0] == 1 and found["0.png"][0, 0] == 2
