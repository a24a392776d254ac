"""docs/dnn.md is true: its blocks run, and what they print is what it shows."""

import dnn_nets
import pages

CLASSIFIER = dnn_nets.layers(
    dnn_nets.data(1, 3, 24, 32), dnn_nets.conv("conv", "data", 8, 4, "stride: 4"),
    dnn_nets.of("InnerProduct", "ip", "conv", more="inner_product_param { num_output: 6 }"),
    dnn_nets.of("Softmax", "prob", "ip"))


def test_the_page_s_blocks_run(made, tmp_path):
    made(CLASSIFIER)
    pages.walk(pages.DOCS / "dnn.md", tmp_path, pages.environment(tmp_path / "bin"))


def test_the_page_names_all_methods_that_are_there():
    from caffepy import dnn

    text = pages.read(pages.DOCS / "dnn.md")
    for name in (*vars(dnn.Net), *dnn.__all__):
        own = not name.startswith("_") and name not in (
            "inputs", "load", "shape_of_input", "parameters_of", "set_parameters", "Layer", "Model")
        assert not own or f"`{name}" in text or f".{name}" in text, name
