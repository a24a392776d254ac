"""Net: wiring, sharing, what needs a gradient, views that scripts keep, errors that teach."""

import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from caffepy.core import weights
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import CaffeError, ConfigError, NotFound, ShapeError
from caffepy.proto import caffe_pb2

TRAIN, TEST = caffe_pb2.TRAIN, caffe_pb2.TEST


def net_of(text, phase=TRAIN, **options):
    options.setdefault("context", Context(seed=1))
    return Net(text_format.Parse(text, caffe_pb2.NetParameter()), phase, **options)


INPUT = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 6 } } }'
LABEL = 'layer { name: "lab" type: "Input" top: "label" input_param { shape { dim: 4 } } }'


def ip(name, bottom, top, rest="", size=3):
    return (f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{top}" {rest} '
            f'inner_product_param {{ num_output: {size} weight_filler {{ type: "xavier" }} }} }}')


LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }'
SMALL = INPUT + LABEL + ip("a", "x", "h") + (
    'layer { name: "r" type: "ReLU" bottom: "h" top: "h" }' + ip("b", "h", "y") + LOSS
)


def test_attributes_tell_what_is_in_it():
    net = net_of('name: "small"' + SMALL)
    assert net.name == "small"
    assert net.layer_names == ["in", "lab", "a", "r", "b", "loss"]
    assert list(net.blobs) == ["x", "label", "h", "y", "loss"]
    assert net.input_names == ["x", "label"] and net.output_names == ["loss"]
    assert {name: [b.shape for b in blobs] for name, blobs in net.params.items()} == {
        "a": [(3, 6), (3,)], "b": [(3, 3), (3,)],
    }
    assert net.loss_weights["loss"] == 1
    assert [node.needs_backward for node in net.nodes] == [False] * 2 + [True] * 4
    assert net.nodes[2].propagate_down == [False], "nobody wants the gradient of an input"


def test_outputs_are_sorted_as_in_the_original():
    net = net_of(INPUT + ip("b", "x", "zebra") + ip("a", "x", "ant"))
    assert net.output_names == ["ant", "zebra"]


def test_forward_gives_the_weighted_loss():
    text = SMALL.replace('top: "loss"', 'top: "loss" loss_weight: 2.5')
    plain, weighted = net_of(SMALL), net_of(text)
    for net in (plain, weighted):
        net.blobs["x"].data[...] = np.arange(24).reshape(4, 6) / 10
    assert_allclose(weighted.forward(), 2.5 * plain.forward(), rtol=1e-6)
    plain.backward(), weighted.backward()
    assert_allclose(weighted.params["a"][0].diff, 2.5 * plain.params["a"][0].diff, rtol=1e-5)


def test_frozen_layers_get_no_gradient_and_stop_what_lies_below():
    frozen = "param { lr_mult: 0 } param { lr_mult: 0 }"
    net = net_of(INPUT + LABEL + ip("a", "x", "h", frozen) + ip("b", "h", "y") + LOSS)
    assert not net.nodes[2].needs_backward and net.nodes[3].needs_backward
    assert net.nodes[3].propagate_down == [False]


def test_propagate_down_false_cuts_the_way_back():
    net = net_of(INPUT + LABEL + ip("a", "x", "h") +
                 ip("b", "h", "y", "propagate_down: false") + LOSS)
    assert not net.nodes[2].needs_backward


def test_force_backward_reaches_the_inputs_but_no_labels():
    net = net_of("force_backward: true " + SMALL)
    net.blobs["x"].data[...] = np.random.default_rng(0).normal(size=(4, 6))
    net.forward(), net.backward()
    assert np.abs(net.blobs["x"].diff).sum() > 0
    assert net.nodes[-1].propagate_down == [True, False]


def test_branches_that_do_not_reach_the_loss_get_no_backward():
    net = net_of(SMALL + ip("side", "h", "aside"))
    by_name = {node.layer.name: node.needs_backward for node in net.nodes}
    assert not by_name["side"] and by_name["a"] and by_name["h_r_0_split"]


class TestSharing:
    NAMED = 'param { name: "w" } param { name: "b" }'

    def test_layers_with_equal_param_names_have_one_memory_and_sum_their_gradients(self):
        net = net_of(INPUT + LABEL + ip("a", "x", "h", self.NAMED, 6) +
                     ip("c", "h", "g", self.NAMED, 6) + ip("b", "g", "y") + LOSS)
        assert [p.layer for p in net.parameters] == ["a", "a", "b", "b"]
        net.params["a"][0].data[0, 0] = 7
        assert net.params["c"][0].data[0, 0] == 7
        net.blobs["x"].data[...] = np.random.default_rng(0).normal(size=(4, 6))
        net.forward()
        net.clear_param_diffs()
        net.backward()
        together = net.params["a"][0].diff.copy()
        last = len(net.layers) - 1
        net.clear_param_diffs()
        net.backward_range(last, net.layer_names.index("c"))
        only_c = net.params["c"][0].diff.copy()
        net.clear_param_diffs()
        net.backward_range(net.layer_names.index("a"), 0)
        assert_allclose(together, only_c + net.params["a"][0].diff, rtol=1e-5, atol=1e-7)

    def test_shapes_must_agree_unless_permissive(self):
        with pytest.raises(ShapeError, match=r"share_mode: PERMISSIVE|shapes differ"):
            net_of(INPUT + ip("a", "x", "h", self.NAMED, 6) + ip("b", "h", "y", self.NAMED, 3))
        named = 'param { name: "w" share_mode: PERMISSIVE }'
        flat = ('layer { name: "f" type: "Reshape" bottom: "x" top: "z" '
                'reshape_param { shape { dim: 8 dim: 3 } } }')
        net = net_of(INPUT + ip("a", "x", "h", named, 3) + flat + ip("b", "z", "y", named, 6))
        net.params["b"][0].data[...] = 4
        assert (net.params["a"][0].data == 4).all()

    def test_multipliers_must_not_contradict_each_other(self):
        with pytest.raises(ConfigError, match="mismatched lr_mult"):
            net_of(INPUT + ip("a", "x", "h", 'param { name: "w" lr_mult: 1 }', 6) +
                   ip("b", "h", "y", 'param { name: "w" lr_mult: 2 }', 6))

    def test_a_test_net_sees_every_update_of_the_net_it_shares_with(self):
        train, test = net_of(SMALL), net_of(SMALL, TEST)
        test.share_trained_layers(train)
        _ = train.arena
        train.params["a"][0].data[...] = 0.5
        assert (test.params["a"][0].data == 0.5).all()
        test.blobs["x"].data[...] = 1
        test.forward()
        assert_allclose(test.blobs["h"].data, 3.0, rtol=1e-6)


class TestViews:
    """pycaffe scripts keep blob.data for hours."""

    CONV = ('layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 '
            'dim: 8 } } }'
            'layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { '
            'num_output: 4 kernel_size: 3 weight_filler { type: "gaussian" std: 0.1 } } }'
            'layer { name: "p" type: "Pooling" bottom: "y" top: "z" pooling_param { kernel_size: 2 '
            'stride: 2 } }')

    def test_a_kept_view_is_used_by_the_next_forward_and_shows_its_result(self):
        net = net_of(self.CONV)
        x, y, w = net.blobs["x"].data, net.blobs["y"].data, net.params["c"][0].data
        generator = np.random.default_rng(0)
        for _ in range(3):
            x[...] = generator.normal(size=x.shape)
            w[...] = generator.normal(size=w.shape)
            net.forward()
            expected = sum(
                np.einsum("nchw,oc->nohw", x[:, :, i:i + 6, j:j + 6], w[:, :, i, j])
                for i in range(3) for j in range(3)
            )
            assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
            assert y is not net.blobs["y"].data and np.shares_memory(y, net.blobs["y"].data)

    def test_a_value_written_between_two_layers_is_what_the_second_reads(self):
        net = net_of(self.CONV)
        net.blobs["x"].data[...] = 1
        net.forward_range(0, 1)
        net.blobs["y"].data[...] = 3
        net.forward_range(2, 2)
        assert (net.blobs["z"].data == 3).all()

    def test_a_kept_gradient_view_is_current_after_backward(self):
        net = net_of("force_backward: true " + self.CONV)
        net.blobs["x"].data[...] = np.random.default_rng(0).normal(size=(2, 3, 8, 8))
        grad = net.blobs["x"].diff
        net.forward()
        net.blobs["z"].diff[...] = 1
        net.backward()
        first = grad.copy()
        assert np.abs(first).sum() > 0
        net.blobs["z"].diff[...] = 2
        net.backward()
        assert_allclose(grad, 2 * first, rtol=1e-4, atol=1e-6)


    def test_cleared_gradients_stay_cleared_though_a_view_of_the_old_is_kept(self):
        net = net_of(SMALL)
        net.blobs["x"].data[...] = np.arange(24).reshape(4, 6) / 10
        kept = net.params["a"][0].diff
        net.forward()
        net.backward()
        once = kept.copy()
        net.clear_param_diffs()
        assert not kept.any()
        net.backward()
        assert_array_equal(kept, once)


def test_a_top_that_a_script_reshaped_gets_its_shape_back():
    net = net_of(SMALL)
    net.blobs["h"].reshape(7, 7, 2)
    net.forward()
    assert net.blobs["h"].shape == (4, 3)


def test_layers_of_one_name_have_numbers_of_their_own():
    net = net_of(INPUT + ip("", "x", "a") + ip("", "x", "b"))
    a, b = (layer.blobs[0].data for layer in net.layers if layer.blobs)
    assert not np.allclose(a, b)


def test_reshaping_an_input_reshapes_the_net():
    net = net_of(TestViews.CONV)
    net.blobs["x"].reshape(5, 3, 12, 10)
    net.reshape()
    assert net.blobs["z"].shape == (5, 4, 5, 4)
    net.blobs["x"].reshape(1, 3, 6, 6)
    net.forward()
    assert net.blobs["y"].shape == (1, 4, 4, 4)


def test_phase_level_and_stage_choose_layers():
    text = INPUT + ip("a", "x", "a", 'include { phase: TEST }') + \
        ip("b", "x", "b", 'include { stage: "deep" min_level: 2 }')
    assert net_of(text).layer_names == ["in"]
    assert "a" in net_of(text, TEST).layer_names
    assert "b" in net_of(text, stages=["deep"], level=2).layer_names
    assert "b" not in net_of(text, stages=["deep"], level=1).layer_names


def test_two_nets_compute_in_two_threads():
    import threading

    nets = [net_of(TestViews.CONV, context=Context(seed=s)) for s in (1, 2)]
    rounds, alone, together = 20, [], [[], []]
    for net in nets:
        net.blobs["x"].data[...] = 1
        net.forward()
        alone.append(net.blobs["z"].data.copy())

    def run(i):
        for _ in range(rounds):
            nets[i].blobs["x"].data[...] = 1
            nets[i].forward()
            together[i].append(nets[i].blobs["z"].data.copy())

    threads = [threading.Thread(target=run, args=(i,)) for i in (0, 1)]
    [t.start() for t in threads], [t.join() for t in threads]
    for i in (0, 1):
        assert len(together[i]) == rounds
        for value in together[i]:
            assert_array_equal(value, alone[i])


@pytest.mark.parametrize(("text", "words"), [
    (ip("a", "nope", "y"), ["Unknown bottom blob 'nope'", "'a'", "begins with a data layer"]),
    (INPUT + ip("t", "x", "y", "include { phase: TEST }") + ip("a", "y", "z"),
     ["Unknown bottom blob 'y'", "Layer 't' makes it, but its rule include { phase: TEST } leaves "
      "it out of this net (phase TRAIN, level 0, stages none)"]),
    (INPUT + ip("a", "xx", "y"), ["Unknown bottom blob 'xx'", "Did you mean x?"]),
    (INPUT + ip("a", "x", "y") + ip("b", "x", "y"), ["'y' produced by multiple sources", "'b'"]),
    (INPUT + 'layer { name: "q" type: "Relu" bottom: "x" top: "y" }',
     ["Unknown layer type: Relu", "Did you mean ReLU?", "'q'"]),
    (INPUT + 'layer { name: "q" type: "ReLU" bottom: "x" }', ["takes 1 top", "found 0"]),
    (INPUT + ip("a", "x", "x", size=6), ["cannot work in place", "'a'"]),
    (INPUT + ip("a", "x", "y", "param {} param {} param {}"), ["Too many params", "at most 2"]),
    (INPUT + ip("a", "x", "y", "propagate_down: true propagate_down: false"), ["propagate_down"]),
    (INPUT + ip("a", "x", "y", "loss_weight: 1 loss_weight: 2"), ["loss_weight"]),
    (INPUT + ip("a", "x", "y").replace("xavier", "xaver"),
     ["Unknown filler name: xaver", "Did you mean xavier?"]),
])  # fmt: skip
def test_mistakes_are_named_with_their_layer_and_mend(text, words):
    with pytest.raises(CaffeError) as caught:
        net_of(text)
    for word in words:
        assert word in str(caught.value)


def test_unknown_names_suggest_the_nearest():
    net = net_of(SMALL)
    with pytest.raises(NotFound, match="Did you mean label"):
        net.blob("lable")
    with pytest.raises(NotFound, match="Unknown layer name"):
        net.layer("nowhere")


def test_an_in_place_layer_that_spoils_a_gradient_is_warned_of(caplog):
    sigmoid = 'layer { name: "s" type: "Sigmoid" bottom: "h" top: "s" }'
    spoil = 'layer { name: "t" type: "TanH" bottom: "s" top: "s" }'
    import logging
    logger = logging.getLogger("caffepy")

    def said():
        return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]

    logger.addHandler(caplog.handler)
    try:
        net = INPUT + LABEL + ip("a", "x", "h") + sigmoid + spoil + ip("b", "s", "y") + LOSS
        net_of(net)
        (line,) = said()
        assert "'t'" in line and "layer 's'" in line
        caplog.clear()
        net_of(net, TEST)
        assert not said(), "said of the net to train is enough"
        net_of("force_backward: true " + net, TEST)
        assert len(said()) == 1
        caplog.clear()
        net_of(SMALL)
        assert not said()
    finally:
        logger.removeHandler(caplog.handler)


class TestWeights:
    def test_saved_weights_come_back(self, tmp_path):
        net, other = net_of(SMALL), net_of(SMALL, context=Context(seed=2))
        for save, name in ((net.save, "w.caffemodel"), (net.save_hdf5, "w.caffemodel.h5")):
            save(tmp_path / name)
            for blobs in other.params.values():
                blobs[0].data[...] = 0
            report = other.load(tmp_path / name)
            assert report.copied == ["a", "b"] and not report.missing and not report.unused
            for layer in ("a", "b"):
                for mine, theirs in zip(net.params[layer], other.params[layer], strict=True):
                    assert_array_equal(mine.data, theirs.data)

    def test_saved_gradients_are_in_the_file(self, tmp_path):
        net = net_of(SMALL)
        net.params["a"][0].diff[...] = 3
        net.save(tmp_path / "w.caffemodel", diff=True)
        saved = caffe_pb2.NetParameter()
        saved.ParseFromString((tmp_path / "w.caffemodel").read_bytes())
        assert set(saved.layer[2].blobs[0].diff) == {3.0}
        assert saved == net.to_proto(diff=True)

    def test_shapes_of_four_axes_fit_shorter_ones(self):
        """As files from before shapes have them, and forks around a vector of channels."""
        for source, target in (((1, 1, 2, 3), (2, 3)), ((1, 1, 1, 5), (5,)), ((1, 5, 1, 1), (5,)),
                               ((1, 1, 1, 1), ()), ((2, 3), (2, 3))):
            assert weights.fits(source, target)
        for source, target in (((2, 3, 1, 1), (2, 3)), ((5, 1, 1, 1), (5,)), ((1, 5), (5,)),
                               ((1, 2, 1, 3), (2, 3))):
            assert not weights.fits(source, target)

    def test_the_report_says_what_stayed_random(self, tmp_path):
        net_of(SMALL).save(tmp_path / "w.caffemodel")
        other = net_of(SMALL.replace('name: "b"', 'name: "b_mine"'))
        before = other.params["b_mine"][0].data.copy()
        report = other.load(tmp_path / "w.caffemodel")
        assert (report.copied, report.missing, report.unused) == (["a"], ["b_mine"], ["b"])
        assert_array_equal(other.params["b_mine"][0].data, before)

    def test_layers_of_one_name_are_told_apart_by_their_order(self, tmp_path):
        text = INPUT + ip("same", "x", "a") + ip("same", "a", "b", size=5)
        saved, net, sharer = net_of(text), net_of(text, context=Context(seed=2)), net_of(text)
        saved.save(tmp_path / "w.caffemodel")
        net.load(tmp_path / "w.caffemodel")
        sharer.share_trained_layers(net)
        for first, second in ((saved, net), (net, sharer)):
            for one, other in zip(first.layers, second.layers, strict=True):
                for a, b in zip(one.blobs, other.blobs, strict=True):
                    assert_array_equal(a.data, b.data)
        with pytest.raises(ConfigError, match="two layers of this name"):
            saved.save_hdf5(tmp_path / "w.h5")

    def test_partly_shared_weights_come_back_from_hdf5(self, tmp_path, caplog):
        owner = ip("a", "x", "h", 'param { name: "w" } param { name: "b" }', size=6)
        both = ip("all", "z", "q", 'param { name: "w" } param { name: "b" }', size=6)
        for mine in ("param {} param { name: 'b' }", "param { name: 'w' }"):
            text = INPUT + owner + ip("in/part", "h", "z", mine, size=6) + both
            saved, net = net_of(text), net_of(text, context=Context(seed=2))
            saved.params["in/part"][1].data[...] = 3
            saved.save_hdf5(tmp_path / "w.h5")
            assert net.load(tmp_path / "w.h5").missing == []
            for name, blobs in saved.params.items():
                for index, blob in enumerate(blobs):
                    assert_array_equal(net.params[name][index].data, blob.data)
        alone = net_of(INPUT + owner + ip("in/part", "h", "z", size=6))
        with pytest.raises(ShapeError, match="param 0 of layer 'in/part' is missing.*share it"):
            alone.load(tmp_path / "w.h5")

    def test_other_shapes_are_refused_with_the_mend(self, tmp_path):
        net_of(SMALL).save(tmp_path / "w.caffemodel")
        other = net_of(INPUT + ip("a", "x", "h", size=5))
        with pytest.raises(ShapeError, match="shape mismatch.*rename the layer"):
            other.load(tmp_path / "w.caffemodel")

    def test_four_axes_of_old_files_fit_matrices(self, tmp_path):
        net = net_of(SMALL)
        param = net.to_proto()
        blob = param.layer[2].blobs[0]
        blob.ClearField("shape")
        blob.num, blob.channels, blob.height, blob.width = 1, 1, 3, 6
        (tmp_path / "old.caffemodel").write_bytes(param.SerializeToString())
        other = net_of(SMALL, context=Context(seed=9))
        other.load(tmp_path / "old.caffemodel")
        assert_array_equal(other.params["a"][0].data, net.params["a"][0].data)
