import logging
import os

import cv2
import numpy as np
import pytest
from recorded_data import FOLDER
from support import build

from caffepy.core.context import Context
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.image_list import ImageList, atoi, read_list
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TEST, TRAIN

COUNT = 7


@pytest.fixture
def pictures(tmp_path):
    """Seven drawn pictures of 6 x 5 and their list; picture i is about 10 * i bright."""
    rng = np.random.default_rng(1701)
    arrays = [rng.integers(10 * i, 10 * i + 9, (6, 5, 3), np.uint8) for i in range(COUNT)]
    for i, array in enumerate(arrays):
        cv2.imwrite(str(tmp_path / f"picture {i}.png"), array)
    (tmp_path / "list.txt").write_text(
        "".join(f"picture {i}.png {i}\n" for i in range(COUNT)))
    return np.stack([array.transpose(2, 0, 1) for array in arrays])


@pytest.fixture
def warnings(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    return lambda: list({id(r): r.getMessage() for r in caplog.records
                         if r.levelno >= logging.WARNING}.values())


def line(folder, param="batch_size: 3", transform="", tops='top: "data" top: "label"'):
    return (f'type: "ImageData" {tops} image_data_param {{ source: "{folder}/list.txt" '
            f'root_folder: "{folder}/" {param} }} transform_param {{ {transform} }}')


def forward(built):
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def labels(built, batches):
    return [forward(built)[1].astype(int).tolist() for _ in range(batches)]


def source(folder, param="", transform="", phase=TRAIN, **options):
    p = caffe_pb2.ImageDataParameter()
    text.parse(f'source: "{folder}/list.txt" root_folder: "{folder}/" {param}', p)
    t = caffe_pb2.TransformationParameter()
    text.parse(transform, t)
    worker = Worker(phase, **options)
    return BatchMaker(ImageList(p, t, worker), worker, p.batch_size, rand_skip=p.rand_skip,
                      shuffle=p.shuffle)


def numbers(it, batches):
    return [it.next().labels.astype(int).tolist() for _ in range(batches)]


def test_the_pictures_of_the_list_in_order_round_and_round(tmp_path, pictures):
    built = build(line(tmp_path))
    assert [blob.shape for blob in built[2]] == [(3, 3, 6, 5), (3,)]
    for start in (0, 3, 6, 9):
        index = (np.arange(3) + start) % COUNT
        data, label = forward(built)
        np.testing.assert_array_equal(data, pictures[index])
        np.testing.assert_array_equal(label, index)
    built[0].close()


def test_the_label_may_be_left_out(tmp_path, pictures):
    built = build(line(tmp_path, tops='top: "data"'))
    np.testing.assert_array_equal(forward(built)[0], pictures[:3])
    built[0].close()


def test_transformation(tmp_path, pictures):
    built = build(line(tmp_path, transform="scale: 0.5 crop_size: 3 mean_value: 1 mean_value: 2 "
                                           "mean_value: 3"), phase="TEST")
    expected = (pictures[:3, :, 1:4, 1:4] - np.array([1, 2, 3])[:, None, None]) * 0.5
    np.testing.assert_allclose(forward(built)[0], expected)
    built[0].close()


def test_resized_and_gray(tmp_path, pictures):
    built = build(line(tmp_path, "batch_size: 2 new_height: 4 new_width: 9 is_color: false"))
    data, _ = forward(built)
    assert data.shape == (2, 1, 4, 9)
    gray = cv2.imread(str(tmp_path / "picture 1.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(data[1, 0], cv2.resize(gray, (9, 4)))
    built[0].close()


def test_real_pictures():
    folder = FOLDER / "images"
    built = build(f'type: "ImageData" top: "data" top: "label" image_data_param {{ '
                  f'source: "{FOLDER}/list.txt" root_folder: "{folder}/" batch_size: 12 }}')
    data, label = forward(built)
    names, expected = zip(*(row.split() for row in (FOLDER / "list.txt").read_text().splitlines()),
                          strict=True)
    np.testing.assert_array_equal(label, [int(word) for word in expected])
    for array, name in zip(data, names, strict=True):
        np.testing.assert_array_equal(array.transpose(1, 2, 0), cv2.imread(str(folder / name)))
    built[0].close()


def test_each_batch_takes_its_shape_from_its_first_picture(tmp_path, pictures):
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((4, 8, 3), np.uint8))
    (tmp_path / "list.txt").write_text(
        "picture 0.png 0\npicture 1.png 1\nwide.png 2\nwide.png 3\nwide.png 4\npicture 2.png 5\n")
    built = build(line(tmp_path, "batch_size: 2"))
    assert forward(built)[0].shape == (2, 3, 6, 5)
    assert forward(built)[0].shape == (2, 3, 4, 8)
    with pytest.raises(ShapeError, match=r"list.txt:6 \(picture 2.png\).*3 x 6 x 5.*3 x 4 x 8"):
        forward(built)
    built[0].close()


def test_shuffled_anew_in_each_epoch(tmp_path, pictures):
    it = source(tmp_path, "batch_size: 7 shuffle: true", seed=3)
    epochs = numbers(it, 6)
    assert all(sorted(epoch) == list(range(COUNT)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6
    assert numbers(source(tmp_path, "batch_size: 7 shuffle: true", seed=3), 6) == epochs
    assert numbers(source(tmp_path, "batch_size: 7 shuffle: true", seed=4), 1) != epochs[:1]
    # each picture comes at each place about equally often
    it = source(tmp_path, "batch_size: 7 shuffle: true new_height: 1 new_width: 1", seed=5)
    table = np.zeros((COUNT, COUNT))
    for _ in range(140):
        table[np.arange(COUNT), it.next().labels.astype(int)] += 1
    assert table.min() > 5 and table.max() < 40  # 20 expected, standard deviation 4.1


def test_pictures_do_not_depend_on_the_threads_that_read(tmp_path, pictures):
    options = dict(param="batch_size: 5 shuffle: true", transform="crop_size: 4 mirror: true")
    alone, several = (source(tmp_path, threads=n, **options) for n in (1, 3))
    for _ in range(4):
        expected, batch = alone.next(), several.next()
        np.testing.assert_array_equal(batch.data, expected.data)
        np.testing.assert_array_equal(batch.labels, expected.labels)
        assert batch.position == expected.position
    (tmp_path / "picture 3.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"list.txt:4.*picture 3.png"):
        numbers(several, 2)
    alone.close(), several.close()


def test_a_resumed_layer_goes_on_where_it_was(tmp_path, pictures):
    text_ = line(tmp_path, "batch_size: 3 shuffle: true rand_skip: 5",
                 "crop_size: 4 mirror: true")
    whole = build(text_)
    batches = [forward(whole) for _ in range(4)]
    position = whole[0].position
    assert position == 12
    batches += [forward(whole) for _ in range(4)]
    resumed = build(text_)
    resumed[0].position = position
    for data, label in batches[4:]:
        got = forward(resumed)
        np.testing.assert_array_equal(got[0], data)
        np.testing.assert_array_equal(got[1], label)
    whole[0].close(), resumed[0].close()


def test_each_new_round_is_logged(tmp_path, pictures, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    it = source(tmp_path, "batch_size: 3")
    said = []
    for _ in range(5):
        caplog.clear()
        it.next()
        said.append("Restarting data prefetching from start." in caplog.text)
    assert said == [False, False, True, False, True]


def test_rand_skip(tmp_path, pictures):
    first = {numbers(source(tmp_path, "rand_skip: 4", seed=seed), 1)[0][0] for seed in range(40)}
    assert first == {0, 1, 2, 3}
    it = source(tmp_path, "rand_skip: 4 batch_size: 7", seed=9)
    start = numbers(it, 1)[0][0]
    assert numbers(it, 1)[0] == [(start + i) % COUNT for i in range(COUNT)]


@pytest.mark.parametrize("shuffle", ["true", "false"])
def test_ranks_share_the_list_in_train(tmp_path, pictures, shuffle):
    param = f"batch_size: 7 shuffle: {shuffle}"
    one = sum(numbers(source(tmp_path, param, seed=2), 2), [])
    for rank in range(2):
        it = source(tmp_path, param, seed=2, rank=rank, size=2)
        assert numbers(it, 1)[0] == one[rank::2]
        assert it.position == 14
        it = source(tmp_path, param, seed=2, rank=rank, size=2, phase=TEST)
        assert numbers(it, 1)[0] == one[:7] and it.position == 7


def test_the_layer_hands_its_context_on(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr("caffepy.testing.building.Context",
                        lambda **o: Context(**o, rank=1, size=2))
    built = build(line(tmp_path))
    assert labels(built, 2) == [[1, 3, 5], [0, 2, 4]]
    assert built[0].position == 12
    built[0].close()


def test_prefetch_is_taken_from_data_param(tmp_path, pictures):
    built = build(line(tmp_path) + " data_param { prefetch: 9 }")
    assert built[0].depth == 9
    built[0].close()


@pytest.mark.parametrize("word, value", [
    ("7", 7), ("2.7", 2), (" 12 ", 12), ("-3", -3), ("+4", 4), ("", 0), ("x", 0), ("5\r", 5),
    ("1e3", 1),
])
def test_atoi(word, value):
    assert atoi(word) == value


@pytest.mark.parametrize("row, path, label, warning", [
    ("a b.jpg 3", "a b.jpg", 3, None),
    ("a.jpg 3\r", "a.jpg", 3, None),
    ("a.jpg 2.7", "a.jpg", 2, "label is one whole number, so '2.7' is taken as 2"),
    ("a.jpg", "a.jpg", 0, "there is no label, so the path is taken as 'a.jpg' and the label as 0"),
    ("a.jpg\t3", "a.jpg", 3, None),
    ("a.jpg \t 3", "a.jpg", 3, None),
    ("a.jpg  3", "a.jpg", 3, None),
    ("a.jpg 3 ", "a.jpg", 3, None),
    ("  a  b.jpg 3\t\r", "  a  b.jpg", 3, None),
    (" 3", " 3", 3, "there is no label, so the path is taken as ' 3'"),
    ("a.jpg 3 4", "a.jpg 3", 4, None),
    ("a.jpg -3", "a.jpg", -3, None),
    ("a.jpg dog", "a.jpg", 0, "'dog' is taken as 0"),
    ("a.jpg 3,", "a.jpg", 3, "'3,' is taken as 3"),
    ("a.jpg 3.0", "a.jpg", 3, "'3.0' is taken as 3"),
    ("a.jpg \uff13", "a.jpg", 0, "'\uff13' is taken as 0"),
    ("a.jpg,3", "a.jpg,3", 0, "a comma stands where a blank must be, so the path is taken as"),
    ("3.jpg;12", "3.jpg;12", 3, "a comma stands where a blank must be"),
])
def test_lines_of_a_list(tmp_path, warnings, row, path, label, warning):
    file = tmp_path / "list.txt"
    file.write_text(f"first.jpg 0\n\n{row}\n{row}\n", newline="")
    lines = read_list(str(file))
    assert [(entry.path, entry.label, entry.number) for entry in lines] == [
        ("first.jpg", 0, 1), (path, label, 3), (path, label, 4)]
    if warning is None:
        assert warnings() == []
    else:
        assert len(warnings()) == 1, "once a file"
        assert f"{file}:3: " in warnings()[0] and warning in warnings()[0]
        assert "2 of 3 lines are like this" in warnings()[0]


WAYS = [
    b"first.jpg 0\nsome/\xc3\xa4 b.jpg 12\n",
    b"\xef\xbb\xbffirst.jpg 0\r\n\r\nsome/\xc3\xa4 b.jpg 12",
    b"first.jpg 0\rsome/\xc3\xa4 b.jpg 12\r",
    *("\ufefffirst.jpg 0\r\nsome/\u00e4 b.jpg 12\r\n".encode(code)
      for code in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
]


@pytest.mark.parametrize("content", WAYS)
def test_lists_as_any_editor_writes_them(tmp_path, content):
    (tmp_path / "list.txt").write_bytes(content)
    assert [(entry.path, entry.label) for entry in read_list(str(tmp_path / "list.txt"))] == [
        ("first.jpg", 0), ("some/\u00e4 b.jpg", 12)]


@pytest.mark.parametrize("content, said", [
    ("a.jpg 0\n".encode("utf-16-le"), "list.txt: the file is UTF-16 without a byte-order mark"),
    ("a.jpg 0\n".encode("utf-16-be"), "list.txt: the file is UTF-16 without a byte-order mark"),
    ("\ufeffa.jpg 0".encode("utf-16")[:-1], "begins as UTF-16 does, but is damaged.* as UTF-8"),
    (b"a.jpg 0\nb.jpg\0 1\n", "list.txt:2: this is no text .found a zero byte"),
])
def test_lists_that_are_no_text(tmp_path, content, said):
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_list(str(tmp_path / "list.txt"))


def test_blanks_before_a_name(tmp_path, pictures):
    """They belong to it, if it is there so; an indented list works too."""
    os.rename(tmp_path / "picture 0.png", tmp_path / " picture 1.png")
    (tmp_path / "list.txt").write_text(" picture 1.png 0\n  picture 1.png 1\n\tpicture 1.png 2\n")
    batch = source(tmp_path, "batch_size: 3").next()
    np.testing.assert_array_equal(batch.data, pictures[[0, 1, 1]])


def test_names_in_any_encoding(tmp_path, pictures):
    """A name is bytes, which a list gives as they are."""
    os.rename(tmp_path / "picture 0.png", os.fsencode(tmp_path) + b"/\xd1\xd0.png")
    (tmp_path / "list.txt").write_bytes(b"\xd1\xd0.png 5\n")
    assert numbers(source(tmp_path, "batch_size: 1"), 1) == [[5]]


def test_pictures_that_cannot_be_read(tmp_path, pictures):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "list.txt").write_text("picture 0.png 0\nmissing.png 1\ntext.png 2\n")
    built = build(line(tmp_path, "batch_size: 1"))
    forward(built)
    with pytest.raises(NotFound, match=r"list.txt:2, .*missing.png: there is no such picture"):
        forward(built)
    built[0].position = 2
    with pytest.raises(DataError, match=r"list.txt:3, .*text.png: not a picture"):
        forward(built)
    built[0].close()


def test_a_root_folder_without_slash(tmp_path, pictures):
    with pytest.raises(NotFound, match=r"list.txt:1.*does '.*' lack a '/'"):
        build(f'type: "ImageData" image_data_param {{ source: "{tmp_path}/list.txt" '
              f'root_folder: "{tmp_path}" }}')


def test_a_list_of_which_nothing_is_there(tmp_path, pictures):
    (tmp_path / "list.txt").write_text("a.png 0\nb.png 1\n")
    with pytest.raises(NotFound, match=r"list.txt:1, .*/a.png: .* none of the 2 pictures of the "
                                       r"list \(root_folder '.*/'\)"):
        source(tmp_path)


@pytest.mark.parametrize("row, root, said", [
    (r"some\picture.png 0", "{0}/", '{0}/some/picture.png: write "/" for "\\"'),
    ("some/picture.png 0", "{0}\\", '{0}/some/picture.png: write "/" for "\\"'),
    ("some/picture.png,3", "{0}/", "some/picture.png is there: a blank, and no comma, parts"),
    ("some/picture.png, 3", "{0}/", "some/picture.png is there: a blank, and no comma, parts"),
    ('"some/picture.png" 3', "{0}/", "some/picture.png is there: write it without quotes"),
    ("{0}/some/picture.png 3", "{0}/", "with such paths root_folder must be empty"),
    ("some/picture.png 3", "", 'from the list\'s folder: say root_folder: "{0}/"'),
])
def test_why_a_picture_is_not_found(tmp_path, pictures, row, root, said):
    (tmp_path / "some").mkdir()
    os.rename(tmp_path / "picture 1.png", tmp_path / "some" / "picture.png")
    (tmp_path / "list.txt").write_text(row.replace("{0}", str(tmp_path)))
    param = caffe_pb2.ImageDataParameter(
        source=f"{tmp_path}/list.txt", root_folder=root.replace("{0}", str(tmp_path)))
    records = ImageList(param, caffe_pb2.TransformationParameter(), Worker(TRAIN))
    with pytest.raises(NotFound) as error:
        BatchMaker(records, Worker(TRAIN), 1)
    assert said.replace("{0}", str(tmp_path)) in str(error.value)


@pytest.mark.parametrize("param, message", [
    ("new_height: 5", "new_height and new_width must be given both"),
    ("batch_size: 0", "batch_size of 1 or more"),
    ('source: ""', "needs a source"),
    ('source: "nowhere.txt"', "nowhere.txt: there is no such list"),
])
def test_settings_that_cannot_be(tmp_path, pictures, param, message):
    with pytest.raises((ConfigError, NotFound), match=r"layer 'layer' \(ImageData\).*" + message):
        base = "" if "source" in param else f'source: "{tmp_path}/list.txt" '
        build(f'type: "ImageData" image_data_param {{ {base} {param} }}')


def test_a_list_that_is_empty(tmp_path):
    (tmp_path / "list.txt").write_text("\n\n")
    with pytest.raises(DataError, match="names no picture"):
        source(tmp_path)
