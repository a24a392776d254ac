"""The picture of a layer's filters, as the classification notebook shows it."""
import caffe
import numpy as np


def vis_square(data):
    """Arrange (n, height, width) or (n, height, width, 3) in a square grid."""
    data = (data - data.min()) / (data.max() - data.min())
    n = int(np.ceil(np.sqrt(data.shape[0])))
    padding = (((0, n ** 2 - data.shape[0]), (0, 1), (0, 1))
               + ((0, 0),) * (data.ndim - 3))
    data = np.pad(data, padding, mode="constant", constant_values=1)
    data = data.reshape((n, n) + data.shape[1:]).transpose(
        (0, 2, 1, 3) + tuple(range(4, data.ndim + 1)))
    return data.reshape((n * data.shape[1], n * data.shape[3]) + data.shape[4:])


net = caffe.Net("deploy.prototxt", caffe.TEST)
for layer_name, blob in net.blobs.items():
    print(layer_name + "\t" + str(blob.data.shape))
for layer_name, param in net.params.items():
    print(layer_name + "\t" + str(param[0].data.shape), str(param[1].data.shape))

filters = net.params["conv1"][0].data
grid = vis_square(filters.transpose(0, 2, 3, 1))
net.blobs["data"].data[...] = np.random.RandomState(0).rand(*net.blobs["data"].data.shape)
net.forward()
features = vis_square(net.blobs["conv1"].data[0, :6])
print("grid", grid.shape, "features", features.shape)
np.savez("filters.npz", grid=grid, features=features, first=filters[0])
