"""Train a line with a loss layer written in Python, next to the built-in one."""
import caffe

NET = """
force_backward: true
layer { name: "x" type: "DummyData" top: "x" dummy_data_param {
  shape { dim: 10 dim: 3 } data_filler { type: "gaussian" } } }
layer { name: "y" type: "DummyData" top: "y" dummy_data_param {
  shape { dim: 10 dim: 2 } data_filler { type: "constant" value: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" %s bottom: "ip" bottom: "y" top: "loss" }
"""
LOSSES = {
    "python": 'type: "Python" loss_weight: 1 '
              'python_param { module: "pyloss" layer: "EuclideanLossLayer" }',
    "native": 'type: "EuclideanLoss"',
}

losses = {}
for kind in sorted(LOSSES):
    with open(kind + ".prototxt", "w") as f:
        f.write(NET % LOSSES[kind])
    with open("solver.prototxt", "w") as f:
        f.write('net: "%s.prototxt" base_lr: 0.3 lr_policy: "fixed" max_iter: 100 random_seed: 3 '
                "display: 0 snapshot_after_train: false" % kind)
    solver = caffe.get_solver("solver.prototxt")
    losses[kind] = []
    for i in range(30):
        solver.step(1)
        losses[kind].append(float(solver.net.blobs["loss"].data.sum()))
    print(kind, "from %.4f to %.6f" % (losses[kind][0], losses[kind][-1]))
for a, b in zip(losses["python"], losses["native"]):
    assert abs(a - b) < 1e-4 + 1e-3 * abs(b), (a, b)
