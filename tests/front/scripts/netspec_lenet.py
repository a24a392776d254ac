"""LeNet by NetSpec, over an LMDB that is written here too."""
import caffe
import lmdb
import numpy as np
from caffe import layers as L
from caffe import params as P
from caffe.proto import caffe_pb2

import shapes_data

images, labels = shapes_data.batch(64, 5)
env = lmdb.open("shapes_lmdb", map_size=1 << 24)
with env.begin(write=True) as txn:
    for i in range(len(images)):
        datum = caffe.io.array_to_datum((images[i] * 255).astype(np.uint8), int(labels[i]))
        txn.put("{:0>5d}".format(i).encode("ascii"), datum.SerializeToString())
env.close()


def lenet(db, batch_size):
    n = caffe.NetSpec()
    n.data, n.label = L.Data(batch_size=batch_size, backend=P.Data.LMDB, source=db,
                             transform_param=dict(scale=1. / 255), ntop=2)
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=20,
                            weight_filler=dict(type="xavier"))
    n.pool1 = L.Pooling(n.conv1, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.conv2 = L.Convolution(n.pool1, kernel_size=3, num_output=50,
                            weight_filler=dict(type="xavier"))
    n.pool2 = L.Pooling(n.conv2, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.fc1 = L.InnerProduct(n.pool2, num_output=50, weight_filler=dict(type="xavier"),
                           param=[dict(lr_mult=1), dict(lr_mult=2)])
    n.relu1 = L.ReLU(n.fc1, in_place=True)
    n.score = L.InnerProduct(n.relu1, num_output=2, weight_filler=dict(type="xavier"))
    n.loss = L.SoftmaxWithLoss(n.score, n.label)
    return n.to_proto()


with open("lenet_auto_train.prototxt", "w") as f:
    f.write(str(lenet("shapes_lmdb", 16)))

s = caffe_pb2.SolverParameter()
s.train_net = "lenet_auto_train.prototxt"
s.base_lr = 0.01
s.momentum = 0.9
s.lr_policy = "inv"
s.gamma = 0.0001
s.power = 0.75
s.max_iter = 100
s.random_seed = 4
s.solver_mode = caffe_pb2.SolverParameter.CPU
s.snapshot_prefix = "lenet"
with open("lenet_auto_solver.prototxt", "w") as f:
    f.write(str(s))

solver = caffe.SGDSolver("lenet_auto_solver.prototxt")
solver.net.forward()
first = solver.net.blobs["loss"].data.copy()
print("labels", solver.net.blobs["label"].data.astype(int).tolist() == labels[:16].tolist())
solver.step(60)
print("loss from %.3f to %.4f" % (first, solver.net.blobs["loss"].data))
solver.net.save("lenet.caffemodel")
