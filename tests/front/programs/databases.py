"""Write an LMDB of Datums, train from it, read it back; features into another; a drawing."""
import caffe
import caffe.draw
import lmdb
import numpy as np
from caffe.proto import caffe_pb2
from google.protobuf import text_format

N = 40
rng = np.random.RandomState(0)
X = rng.randint(0, 256, (N, 3, 6, 6)).astype(np.uint8)
y = (X.mean((1, 2, 3)) > 127).astype(np.int64)
env = lmdb.open("train_lmdb", map_size=X.nbytes * 10)
with env.begin(write=True) as txn:
    for i in range(N):
        datum = caffe.proto.caffe_pb2.Datum()
        datum.channels, datum.height, datum.width = X.shape[1:]
        datum.data = X[i].tobytes()
        datum.label = int(y[i])
        if i % 2:
            datum = caffe.io.array_to_datum(X[i], int(y[i]))
        txn.put("{:08}".format(i).encode("ascii"), datum.SerializeToString())
env.close()

env = lmdb.open("train_lmdb", readonly=True)
with env.begin() as txn:
    for key, value in txn.cursor():
        datum = caffe_pb2.Datum()
        datum.ParseFromString(value)
        flat_x = np.frombuffer(datum.data, dtype=np.uint8)
        x = flat_x.reshape(datum.channels, datum.height, datum.width)
        assert (x == X[int(key)]).all() and (caffe.io.datum_to_array(datum) == x).all()
env.close()

solver = caffe.AdamSolver("solver.prototxt")
solver.solve()
assert solver.net.blobs["data"].data.shape == (8, 3, 6, 6)
print("iterations", solver.iter, "loss < 1:", float(solver.net.blobs["loss"].data) < 1)

net = caffe_pb2.NetParameter()
text_format.Merge(open("train.prototxt").read(), net)
caffe.draw.draw_net_to_file(net, "net.png", "LR")
blob = caffe_pb2.BlobProto()
blob.ParseFromString(caffe.io.array_to_blobproto(X.mean(0)[np.newaxis]).SerializeToString())
mean = np.array(caffe.io.blobproto_to_array(blob))[0]
np.save("mean.npy", mean)
print(mean.shape, open("net.png", "rb").read()[1:4])
