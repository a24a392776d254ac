"""What users type, paste and save: escapes, typographic characters, files of other kinds."""

import logging
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffepy import log
from caffepy.errors import CaffeError, ConfigError, DataError, one_line, shown
from caffepy.proto import caffe_pb2, text


def error_of(content, message=None) -> str:
    with pytest.raises(text.PrototxtError) as caught:
        text.parse(content, message or caffe_pb2.SolverParameter(), name="s.prototxt")
    return str(caught.value)


def solver_of(content) -> caffe_pb2.SolverParameter:
    solver = caffe_pb2.SolverParameter()
    text.parse(content, solver)
    return solver


@pytest.fixture
def warnings(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    return lambda: [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


# escapes


@pytest.mark.parametrize(
    ("written", "value"),
    [(r"\a\b\f\n\r\t\v", "\a\b\f\n\r\t\v"), (r"\\ \' \" \?", "\\ ' \" ?"),
     (r"\7\07\0078\101", "\a\a\a8A"), (r"\x41\X42\x4g", "AB\x04g"), (r"\u00e4\u4e2d", "ä中"),
     (r"\U0001F600\U0010ffff", "\U0001f600\U0010ffff"), (r"\ud83d\ude00!", "\U0001f600!"),
     (r"\303\244\xc3\xa4", "ää"), (r"\\n\\\\", r"\n\\"), (r"\477", "?")],
)  # fmt: skip
def test_escape_sequences(written, value):
    assert solver_of(f'lr_policy: "{written}"').lr_policy == value


@pytest.mark.parametrize(
    ("written", "offset", "said"),
    [(r"a\P", 1, r'"\P" is no escape sequence. Write "\\" for a backslash; escape'),
     (r"\8", 0, r'"\8" is no escape sequence'), (r"\d", 0, r'"\d" is no'),
     ("\\ä", 0, r'"\ä" is no'),
     (r"\u12", 0, r"\u takes four hex digits"), (r"\n\u12g4", 2, r"\u takes four hex digits"),
     (r"\U12", 0, r"\U takes eight hex digits, 00000000 to 0010FFFF"),
     (r"\U00110000", 0, r"\U takes eight hex digits, 00000000 to 0010FFFF"),
     (r"\xg", 0, r"\x takes one or two hex digits"), (r"ä\ ", 1, r'"\ " is no escape sequence')],
)  # fmt: skip
def test_escapes_that_mean_nothing(written, offset, said):
    for quote in "\"'":
        message = error_of(f"lr_policy: {quote}{written}{quote}")
        assert message.startswith(f"s.prototxt:1:{13 + offset}: {said}")
        assert message.endswith("\n" + " " * (12 + offset) + "^")


@pytest.mark.parametrize(
    ("written", "cure"),
    [(r"E:\Project\snap\new", "E:/Project/snap/new"),
     (r"..\nets\Deep\x.prototxt", "../nets/Deep/x"),
     (r"C:\\Users\me", "C:/Users/me")],
)  # fmt: skip
def test_paths_with_backslashes_get_their_cure(written, cure):
    assert f'Write "{cure}' in error_of(f'snapshot_prefix: "{written}"')


def test_a_string_that_a_backslash_keeps_open():
    message = error_of('snapshot_prefix: "E:\\\\snap\\"\n')
    assert "1:18: this string does not end on its line. A quote behind" in message


@pytest.mark.parametrize(
    ("written", "said"),
    [(r"C:\new\train", r"""s.prototxt:1:18: in snapshot_prefix \n and \t are escape sequences, """
      r"""so the name becomes 'C:\new\train'. Write "C:/new/train", or "\\" for each backslash."""),
     (r"D:\7days",
      r"in snapshot_prefix \7 is an escape sequence, so the name becomes 'D:\x07days'"),
     (r"out\x64", "becomes outd"),
     (r"a\u0062", "becomes ab")],
)  # fmt: skip
def test_paths_whose_backslashes_happen_to_mean_something(warnings, written, said):
    solver = caffe_pb2.SolverParameter()
    text.parse(f'snapshot_prefix: "{written}"', solver, name="s.prototxt")
    assert len(warnings()) == 1 and said in warnings()[0]


def test_no_warning_of_what_is_meant(warnings):
    content = r'snapshot_prefix: "C:\\new\\train\"\303\244\"" lr_policy: "a\nb"'
    assert solver_of(content).snapshot_prefix == 'C:\\new\\train"ä"'
    assert not warnings()


@pytest.mark.parametrize("after", ["}", "source: 'x'", "include { stage: 'x' }", "# y", "; z"])
def test_a_path_that_was_meant_to_end_with_a_backslash(after):
    message = error_of(f'snapshot_prefix: "C:\\new\\" {after} "')
    assert '1:25: a quote behind "\\" belongs to the string. Write "C:/new/", or' in message


def test_a_path_cannot_hold_a_zero_byte():
    assert 'net cannot hold a zero byte. Write "E:/0data"' in error_of(r'net: "E:\0data"')


# characters


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [("lr_policy: “fixed”", "1:12", "“ (U+201C, left double quotation mark) cannot stand outside "
      'of strings and comments. Write " for it.'),
     ("lr_policy: ‘fixed’", "1:12", "Write ' for it."),
     ("lr_policy: «fixed»", "1:12", 'Write " for it.'),
     ('lr_policy: "fixed”', "1:12", 'does not end on its line. ” is no quote of prototxt: write "'),
     ("base_lr：1", "1:8", "Write : for it."), ("train_state｛", "1:12", "Write { for it."),
     ("base_lr: １", "1:10", "Write 1 for it."), ("random_seed: –1", "1:14", "Write - for it."),
     ("random_seed: −1", "1:14", "Write - for it."),
     ("random_seed: 1；", "1:15", "Write ; for it."),
     ("bаse_lr: 1", "1:2", "(U+0430, cyrillic small letter a) cannot stand outside"),
     ("base_lr: 1\u200b", "1:11", "U+200B, zero width space, cannot stand outside"),
     ('lr_policy: "a"\n\ufeffgamma: 1', "2:1", "an invisible character, U+FEFF, zero width"),
     ("base_lr: 1 \0", "1:12", "the byte 0x00 is no text. Delete it."),
     ("base_lr: 1 \x1b[0m", "1:12", "the byte 0x1B is no text"),
     ("base_lr: 1 // rate", "1:12", 'no comment (found //). Comments go from "#" to'),
     ("/* rate */ base_lr: 1", "1:1", "this is no comment (found /*)")],
)  # fmt: skip
def test_characters_of_web_pages_and_editors(content, place, said):
    message = error_of(content)
    assert message.startswith(f"s.prototxt:{place}: ") and said in message
    assert len(message.split("\n")) == 3 and all(map(str.isprintable, message.split("\n")))


def test_characters_that_are_taken():
    """Blanks of all kinds, and anything in strings and comments."""
    content = '\ufeffbase_lr:\xa01\u3000# – “x”\nlr_policy: "# “fixed” –"'
    assert solver_of(content) == caffe_pb2.SolverParameter(base_lr=1, lr_policy="# “fixed” –")


def test_the_caret_stands_under_wide_characters_too():
    line, caret = error_of('lr_policy: "学习率" oops: 1').split("\n")[1:]
    assert len(caret) == line.index("oops") + 3 + 1


@pytest.mark.parametrize(
    ("content", "said"),
    [("max_iter: 1e5", "expected a whole number (found 1e5). Write 100000."),
     ("max_iter: 100.0", "Write 100."),
     ("max_iter: 10.5", "expected a whole number (found 10.5)\n"),
     ('max_iter: "10"', "Without quotes: 10."), ("max_iter: +10", 'Leave the "+" out.'),
     ("base_lr: +0.1", "Write 0.1."), ('base_lr: "0.1"', "Without quotes: 0.1."),
     ("base_lr: 0x10", "Write 16."), ("max_iter: 1e400", "whole number (found 1e400)\n"),
     ('debug_info: "true"', "Write true."), ("debug_info: FALSE", "Write false."),
     ("max_iter: 450,000", "the name of a field (found 000). A number has no comma in it"),
     ("base_lr: 0,01", "A number has no comma in it"),
     ('"base_lr": 1', 'found "base_lr"). Names of fields stand without quotes.')],
)  # fmt: skip
def test_values_as_other_languages_write_them(content, said):
    assert said in error_of(content)


# files


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_as_any_editor_writes_them(tmp_path, code, end):
    path = tmp_path / "s.prototxt"
    path.write_bytes(f'\ufeff# rate ä{end}lr_policy: "ä"{end}'.encode(code))
    solver = caffe_pb2.SolverParameter()
    text.read(path, solver)
    assert solver.lr_policy == "ä"
    path.write_bytes(f'\ufeff# rate{end}{end}  oops: "ä"{end}'.encode(code))
    with pytest.raises(text.PrototxtError, match='prototxt:3:3: unknown field "oops"'):
        text.read(path, solver)


@pytest.mark.parametrize(
    ("content", "said"),
    [("base_lr: 1\n".encode("utf-16-le"), "UTF-16 without a byte-order mark. Save it as UTF-8."),
     ("base_lr: 1\n".encode("utf-16-be"), "UTF-16 without a byte-order mark. Save it as UTF-8."),
     ("\ufeffbase_lr".encode("utf-16")[:-1], "begins as UTF-16 does, but is damaged"),
     (b"# fine\nlr_policy: \"a\0b\"\n" + b"# more\n" * 9, "prototxt:2: this is no text (found a"),
     (b"%PDF-1.4\n%\xe2\xe3", "this is no prototxt (found a PDF document)"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "found a document of an old Word or Excel"),
     (b"PK\x03\x04" + bytes(99), "found a zip archive, as .docx, .npz and PyTorch's"),
     (b"{\\rtf1\\ansi", "found a document in Rich Text Format"),
     (b"\x1f\x8b\x08" + bytes(9), "found a compressed file). Unpack it first."),
     (b"7z\xbc\xaf\x27\x1c" + bytes(9), "found a compressed file). Unpack it first."),
     (b"\x28\xb5\x2f\xfd" + bytes(9), "found a compressed file). Unpack it first."),
     (bytes(257) + b"ustar\x0000", "found a tar archive). Unpack it first."),
     (b"<html><body>x", "found a web page"), (b"\n<head>", "found a web page"),
     (b"404: Not Found", "found the answer of a web server"),
     (b'{\n "layers": []}', "found JSON"), (b"\x7fELF\x02", "found a program"),
     (b"RIFF\0\0\0\0WEBPVP8 ", "found a picture"), (b"BM\x36\0\0\0\0\0\0\0", "found a picture"),
     (b"#!/usr/bin/env sh\n./build/tools/caffe train\n", "prototxt:2:1: expected the name"),
     (b"", "the file is empty"), (b"\xef\xbb\xbf \r\n", "the file is empty")],
)  # fmt: skip
def test_files_that_are_something_else(tmp_path, content, said):
    path = tmp_path / "s.prototxt"
    path.write_bytes(content)
    with pytest.raises((ConfigError, DataError)) as error:
        text.read(path, caffe_pb2.SolverParameter())
    assert str(error.value).startswith(str(path)) and said in str(error.value)


def test_the_line_on_which_an_open_block_begins():
    content = 'layer {\n  name: "a"\n  pooling_param {\n\n    pool: MAX\n'
    message = error_of(content, caffe_pb2.NetParameter())
    assert "the block of pooling_param, begun on line 3, is not closed" in message
    message = error_of(content.replace("}", "") + "}\n", caffe_pb2.NetParameter())
    assert "the block of layer, begun on line 1, is not closed" in message


# names that cannot be seen


def test_messages_stay_on_one_line():
    error = CaffeError("unknown blob 'a\nb'", where="layer 'x\ty'", found="\x1b[31m", fix="No \r.")
    assert str(error) == r"layer 'x\ty': unknown blob 'a\nb' (found \x1b[31m). No \r."


def test_names_stay_on_their_line_of_the_log():
    def line(text, *words):
        record = logging.LogRecord("caffepy", logging.INFO, "net.py", 7, text, words, None)
        return log.GlogFormatter().format(record).partition("] ")[2]

    assert line("Creating Layer %s", "a\nb\x1b") == r"Creating Layer a\nb\x1b"
    assert line("%s\tforward: %d ms", "a\tb", 3) == "a\\tb\tforward: 3 ms"
    for form in ("net:\n%s", "%s"):  # what is meant to be long
        assert line(form, "a\nb") == form % "a\nb"
    assert line("100%% of a\nb") == "100%% of a\nb"


@given(st.text(st.characters(), max_size=9))
def test_one_line_can_be_seen(name):
    assert one_line(name).isprintable()
    assert shown(name) in (name, f"'{one_line(name)}'")


def test_bytes_of_names_are_shown_as_they_would_be_written():
    assert one_line(os.fsdecode(b"\xd1\xd0/n")) == r"\xd1\xd0/n"
