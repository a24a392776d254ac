"""Nets that PyTorch exports: the net gives what the model gives, and has the module's names."""

from __future__ import annotations

import io
import warnings

import pytest
from exchange.into.models import check, onnx, types
from exchange.torch_nets import NETS, SIZE, torch, trained


def exported(net, opset=17, folding=True):
    """The model, by PyTorch's exporter that needs no other package. It folds batch normalization
    unless told not to."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is the older one, and of tracing
        torch.onnx.export(net, (torch.zeros(2, 3, SIZE, SIZE),), file, input_names=["data"],
                          output_names=["out"], opset_version=opset, dynamo=False,
                          do_constant_folding=folding, training=torch.onnx.TrainingMode.EVAL
                          if folding else torch.onnx.TrainingMode.PRESERVE)
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize("name", NETS)
def test_net(name, tmp_path):
    param = check(exported(trained(name)), tmp_path)
    assert param.layer[0].type == "Input" and param.layer[0].top[:] == ["data"]


@pytest.mark.parametrize("opset", [9, 11, 13, 15, 18, 20])
def test_opsets(opset, tmp_path):
    check(exported(trained("SqueezeNet"), opset), tmp_path)
    check(exported(trained("U-Net"), opset), tmp_path)


@pytest.mark.parametrize("name", ["ResNet-18", "MobileNetV2"])
def test_batch_normalization_is_kept_where_the_model_has_it(name, tmp_path):
    param = check(exported(trained(name), folding=False), tmp_path)
    kinds = types(param)
    assert kinds.count("BatchNorm") == kinds.count("Scale") == kinds.count("Convolution")


def test_names_are_the_modules(tmp_path):
    param = check(exported(trained("VGG")), tmp_path)
    learnt = [layer.name for layer in param.layer if layer.blobs]
    assert learnt == ["features.0", "features.3", "features.5", "features.8", "classifier.0",
                      "classifier.3"]
    assert "Reshape" not in types(param)
