"""A small net for the tests of the Python interface."""

import pycaffe_nets
import pytest

import caffepy


@pytest.fixture
def deploy(tmp_path):
    return pycaffe_nets.write(tmp_path, "deploy.prototxt", pycaffe_nets.DEPLOY)


@pytest.fixture
def net(deploy):
    caffepy.set_random_seed(1)
    return caffepy.Net(deploy, caffepy.TEST)
