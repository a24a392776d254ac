"""caffepy layers."""

from caffepy.core import registry
from caffepy.services import layer_table


def test_the_table(call):
    done = call("layers")
    assert done.exit_code == 0
    types = [entry.type for entry in registry.entries()]  # of one name there may be two
    assert [line.split()[0] for line in done.output.splitlines()] == ["type", *types]


def test_one_type(call):
    done = call("layers", "InnerProduct")
    assert done.exit_code == 0
    assert done.output.startswith("InnerProduct: y = x w^T + b")
    assert "param   inner_product_param {" in done.output


def test_a_type_that_is_not_there(call):
    done = call("layers", "InerProduct")
    assert done.exit_code == 1
    assert "Unknown layer type: InerProduct. Did you mean InnerProduct?" in done.output


def test_the_page(call):
    assert call("layers", "-markdown").output == layer_table.markdown()
