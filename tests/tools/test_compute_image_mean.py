import numpy as np
import pytest
from recorded_data import FOLDER, make_db, records

from caffepy.data import datum
from caffepy.data.transform import read_mean
from caffepy.errors import DataError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.services.means import channel_means, mean_of, write
from caffepy.tools.compute_image_mean import main

RNG = np.random.default_rng(1701)
LAST = "mean_value channel [2]: "


@pytest.mark.parametrize("backend, case", [("lmdb", "plain"), ("leveldb", "leveldb")])
def test_means_equal_the_originals(call, tmp_path, backend, case, messages):
    database = make_db(tmp_path / "db", records(case), backend)
    done = call(main, f"-backend={backend}", database, tmp_path / "mean.binaryproto")
    assert done.exit_code == 0, done.output
    recorded = (FOLDER / f"mean_{backend}.binaryproto").read_bytes()
    assert (tmp_path / "mean.binaryproto").read_bytes() == recorded
    exact = np.mean([datum.decode(value)[0].mean((1, 2)) for _, value in records(case)], 0)
    said = [line for line in messages(done.output) if "mean_value" in line]
    assert said == [f"mean_value channel [{c}]: {exact[c]:g}" for c in range(3)]
    assert np.array_equal(read_mean(str(tmp_path / "mean.binaryproto")).squeeze(),
                          mean_of(database, backend))


def test_the_installed_command_without_an_output(shell, tmp_path, messages):
    make_db(tmp_path / "db", records("encoded"))
    done = shell("compute_image_mean", "db")
    assert done.returncode == 0, done.stderr
    texts = messages(done.stderr)
    assert texts[1:5] == [
        "Decoding Datum", "Starting iteration", "Processed 12 files.", "Number of channels: 3"]
    assert texts[-1].startswith(LAST)
    plain = shell("compute_image_mean", make_db(tmp_path / "plain", records("plain")))
    assert messages(plain.stderr)[-1] == texts[-1]


def database(path, arrays):
    return make_db(path, [(b"%08d" % i, datum.from_array(array, 0).SerializeToString())
                          for i, array in enumerate(arrays)])


def test_the_sum_is_kept_in_single_precision_in_the_order_of_the_records(tmp_path):
    arrays = (RNG.standard_normal((50, 1, 2, 3)) * 1e3).astype(np.float32)
    total = np.zeros((1, 2, 3), np.float32)
    for array in arrays:
        total = total + array
    assert np.array_equal(mean_of(database(tmp_path / "db", arrays)), total / np.float32(50))


def test_channel_means_are_summed_one_by_one():
    plane = RNG.random((1, 300, 300), np.float32) * 255
    total = np.float32(0)
    for value in plane.ravel():
        total += value
    assert channel_means(plane) == [float(total / np.float32(90000))]


def test_every_ten_thousand_records_have_their_line(tmp_path, call, messages):
    value = datum.from_array(np.full((1, 1, 1), 7, np.uint8), 0).SerializeToString()
    path = make_db(tmp_path / "db", [(b"%08d" % i, value) for i in range(20001)])
    done = call(main, path)
    assert [line for line in messages(done.output) if line.startswith("Processed")] == [
        "Processed 10000 files.", "Processed 20000 files.", "Processed 20001 files."]
    assert messages(done.output)[-1] == "mean_value channel [0]: 7"


def test_the_file_has_the_old_fields_of_its_shape(tmp_path):
    write(str(tmp_path / "mean"), np.ones((2, 3, 4), np.float32))
    blob = caffe_pb2.BlobProto.FromString((tmp_path / "mean").read_bytes())
    assert (blob.num, blob.channels, blob.height, blob.width) == (1, 2, 3, 4)
    assert list(blob.data) == [1] * 24 and not blob.HasField("shape")


def test_bad_databases(call, tmp_path, shell):
    mixed = database(tmp_path / "mixed", [np.zeros((3, 4, 5)), np.zeros((3, 5, 4))])
    done = call(main, mixed, tmp_path / "mean")
    assert done.exit_code == 1
    for part in ("mixed, record 00000001", "3 x 5 x 4", "3 x 4 x 5", "--resize_height"):
        assert part in done.output
    assert not (tmp_path / "mean").exists()
    with pytest.raises(DataError, match="record 00000000.*damaged"):
        mean_of(make_db(tmp_path / "damaged", [(b"00000000", b"\xff" * 9)]))
    with pytest.raises(DataError, match="the database is empty"):
        mean_of(make_db(tmp_path / "empty", []))
    with pytest.raises(NotFound, match="no such database"):
        mean_of(str(tmp_path / "nowhere"))
    done = shell("compute_image_mean", "nowhere")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    done = call(main, database(tmp_path / "good", [np.zeros((1, 1, 1))]), tmp_path / "no" / "mean")
    assert done.exit_code == 1 and "there is no folder" in done.output
