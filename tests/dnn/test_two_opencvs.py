"""OpenCV 4.8, the newest 4 and 5, each in an environment of its own: caffepy works beside them all,
and a program that runs with 4 alone runs with 5 by ``python -m caffepy.dnn``."""

import subprocess

import cv2
import dnn_nets
import opencvs
import pytest

pytestmark = pytest.mark.slow

VERSIONS = {"4.8": ("opencv-python-headless==4.8.*", "numpy<2"),
            "4": ("opencv-python-headless<5",), "5": ("opencv-python-headless==5.*",)}
ABOUT_PICTURES = ["tests/data", "tests/layers/data", "tests/front/test_pictures.py",
                  "tests/front/test_io.py", "tests/front/test_draw_formats.py",
                  "tests/tools/test_bench.py", "tests/dnn"]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python with an OpenCV of this version."""
    made = {}

    def get(version):
        if version not in made:
            folder = tmp_path_factory.mktemp(f"opencv{version}")
            made[version] = opencvs.make(folder, *VERSIONS[version])
        return made[version]

    return get


def run(*words):
    done = subprocess.run(words, cwd=opencvs.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_what_has_to_do_with_pictures_passes(version, python):
    assert run(python(version), "-c", "import cv2; print(cv2.__version__)").startswith(version)
    run(python(version), "-m", "pytest", "-q", "-x", *ABOUT_PICTURES)


@pytest.mark.parametrize("name", ["faces", "pose", "tracker"])
def test_a_program_prints_with_5_what_it_prints_with_4(name, python, made, programs, picture,
                                                       tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for path, image in zip(paths, (picture, picture[::-1]), strict=True):
        cv2.imwrite(path, image)
    text, extra = {"faces": (dnn_nets.detector(64, 2), [paths[0], "64"]),
                   "pose": (dnn_nets.POSE, paths[:1]), "tracker": (dnn_nets.TRACKER, paths)}[name]
    words = [str(programs / f"{name}.py"), *made(text, std=0.02), *extra]
    theirs = run(python("4"), *words)
    ours = run(python("5"), "-m", "caffepy.dnn", *words)
    assert ours == theirs != ""
