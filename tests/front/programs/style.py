"""Style transfer: gradients put into blobs amid the net, backward from layer to layer."""
import caffe
import numpy as np


def compute_gram(net, layer):
    act = net.blobs[layer].data[0].copy()
    act.shape = (act.shape[0], -1)
    return act, np.dot(act, act.T)


def style_optfn(x, net, weights, layers, targets):
    layers_style, layers_content = weights["style"].keys(), weights["content"].keys()
    net_in = net.blobs["data"]
    net_in.data.flat = x
    net.forward()
    loss = 0
    net.blobs[layers[-1]].diff[:] = 0
    for i, layer in enumerate(reversed(layers)):
        next_layer = None if i == len(layers) - 1 else layers[-i - 2]
        grad = net.blobs[layer].diff[0]
        F, G = compute_gram(net, layer)
        if layer in layers_style:
            diff = G - targets["style"][layer]
            c = F.shape[0] ** -2 * float(F.shape[1]) ** -2
            loss += c / 4 * (diff ** 2).sum() * weights["style"][layer]
            grad += (c * np.dot(F.T, diff).T * (F > 0) * weights["style"][layer]).reshape(
                grad.shape)
        if layer in layers_content:
            diff = F - targets["content"][layer]
            loss += (diff ** 2).sum() / 2 * weights["content"][layer]
            grad += (diff * (F > 0) * weights["content"][layer]).reshape(grad.shape)
        net.backward(start=layer, end=next_layer)
        if next_layer is None:
            grad = net.blobs["data"].diff[0]
        else:
            grad = net.blobs[next_layer].diff[0]
    return loss, grad.flatten().astype(float)


net = caffe.Net("style.prototxt", "style.caffemodel", caffe.TEST)
layers = ["conv1", "conv2"]
weights = {"style": {"conv1": 1e3, "conv2": 1e3}, "content": {"conv2": 1.0}}
rng = np.random.RandomState(1)
transformer = caffe.io.Transformer({"data": net.blobs["data"].data.shape})
transformer.set_transpose("data", (2, 0, 1))
content = transformer.preprocess("data", caffe.io.load_image("cat.png"))
net.forward(data=content[np.newaxis])
targets = {"content": {"conv2": compute_gram(net, "conv2")[0]}, "style": {}}
net.blobs["data"].data[0] = rng.rand(*content.shape)
net.forward(end="conv2")
for layer in layers:
    targets["style"][layer] = compute_gram(net, layer)[1]
x = rng.rand(content.size)
loss, grad = style_optfn(x, net, weights, layers, targets)
step = rng.randn(content.size) * 1e-3
more = style_optfn(x + step, net, weights, layers, targets)[0]
less = style_optfn(x - step, net, weights, layers, targets)[0]
print("slope %.5g, by the gradient %.5g" % ((more - less) / 2, np.dot(grad, step)))
assert abs((more - less) / 2 - np.dot(grad, step)) < 0.02 * abs(more - less) + 1e-4
for i in range(30):
    x -= 0.02 * grad / np.abs(grad).max()
    now, grad = style_optfn(x, net, weights, layers, targets)
print("loss from", loss, "to", now)
assert now < loss
