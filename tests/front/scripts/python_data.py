"""Train on pictures that a Python layer draws; the net is made by NetSpec."""
from __future__ import print_function

import caffe
from caffe import layers as L
from caffe import params as P


def net(split):
    n = caffe.NetSpec()
    n.data, n.label = L.Python(module="shape_layers", layer="ShapesDataLayer", ntop=2,
                               param_str=str(dict(split=split, batch_size=20, seed=1337)))
    n.conv = L.Convolution(n.data, kernel_size=5, num_output=8, weight_filler=dict(type="xavier"))
    n.relu = L.ReLU(n.conv, in_place=True)
    n.pool = L.Pooling(n.relu, pool=P.Pooling.MAX, global_pooling=True)
    n.ip = L.InnerProduct(n.pool, num_output=2, weight_filler=dict(type="xavier"))
    n.loss = L.SoftmaxWithLoss(n.ip, n.label)
    n.acc = L.Accuracy(n.ip, n.label)
    return n.to_proto()


with open("train.prototxt", "w") as f:
    f.write(str(net(1)))
with open("test.prototxt", "w") as f:
    f.write(str(net(2)))
with open("solver.prototxt", "w") as f:
    f.write("""train_net: "train.prototxt" test_net: "test.prototxt" test_iter: 10
        test_interval: 1000 test_initialization: false base_lr: 0.02 lr_policy: "fixed"
        type: "Adam" momentum: 0.9 momentum2: 0.999 max_iter: 150 random_seed: 1
        snapshot_after_train: false""")

solver = caffe.get_solver("solver.prototxt")
print("batch", solver.net.layers[0].batch_size)
solver.step(150)
solver.test_nets[0].share_with(solver.net)
accuracy = 0
for _ in range(10):
    accuracy += solver.test_nets[0].forward()["acc"]
print("accuracy %.3f" % (accuracy / 10))
