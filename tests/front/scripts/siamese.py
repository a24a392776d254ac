"""A siamese net: two branches with one set of weights, and a contrastive loss."""
import caffe
import h5py
import numpy as np

import shapes_data

images, labels = shapes_data.batch(400, 11)
pairs = np.concatenate([images[:200], images[200:]], axis=1)
similar = (labels[:200] == labels[200:]).astype(np.float32)
with h5py.File("pairs.h5", "w") as f:
    f["pair_data"] = pairs.astype(np.float32)
    f["sim"] = similar
with open("pairs.txt", "w") as f:
    f.write("pairs.h5\n")

BRANCH = """
layer { name: "conv%(s)s" type: "Convolution" bottom: "data%(s)s" top: "conv%(s)s"
  param { name: "conv_w" lr_mult: 1 } param { name: "conv_b" lr_mult: 2 }
  convolution_param { num_output: 8 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "relu%(s)s" type: "ReLU" bottom: "conv%(s)s" top: "conv%(s)s" }
layer { name: "pool%(s)s" type: "Pooling" bottom: "conv%(s)s" top: "pool%(s)s"
  pooling_param { pool: MAX global_pooling: true } }
layer { name: "feat%(s)s" type: "InnerProduct" bottom: "pool%(s)s" top: "feat%(s)s"
  param { name: "feat_w" lr_mult: 1 } param { name: "feat_b" lr_mult: 2 }
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
"""
with open("siamese.prototxt", "w") as f:
    f.write("""
layer { name: "pair_data" type: "HDF5Data" top: "pair_data" top: "sim"
  hdf5_data_param { source: "pairs.txt" batch_size: 50 } }
layer { name: "slice_pair" type: "Slice" bottom: "pair_data" top: "data" top: "data_p"
  slice_param { slice_dim: 1 slice_point: 1 } }
""" + BRANCH % {"s": ""} + BRANCH % {"s": "_p"} + """
layer { name: "loss" type: "ContrastiveLoss" bottom: "feat" bottom: "feat_p" bottom: "sim"
  top: "loss" contrastive_loss_param { margin: 1 } }
""")
with open("solver.prototxt", "w") as f:
    f.write('net: "siamese.prototxt" base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" '
            "max_iter: 200 random_seed: 2 snapshot_after_train: false")

solver = caffe.SGDSolver("solver.prototxt")
solver.step(200)
net = solver.net
for a, b in (("conv", "conv_p"), ("feat", "feat_p")):
    for mine, theirs in zip(net.params[a], net.params[b]):
        assert np.array_equal(mine.data, theirs.data)
net.params["conv"][0].data[0] += 1
assert np.array_equal(net.params["conv_p"][0].data[0], net.params["conv"][0].data[0])
net.params["conv"][0].data[0] -= 1

near, far = [], []
for _ in range(4):
    net.forward()
    distance = np.linalg.norm(net.blobs["feat"].data - net.blobs["feat_p"].data, axis=1)
    same = net.blobs["sim"].data.flatten() == 1
    near.extend(distance[same])
    far.extend(distance[~same])
print("near %.3f far %.3f" % (np.mean(near), np.mean(far)))
