"""Turn an inner product into a convolution and look at a larger picture with it."""
import caffe
import numpy as np

net = caffe.Net("fc.prototxt", "fc.caffemodel", caffe.TEST)
params = ["fc1", "fc2"]
fc_params = {pr: (net.params[pr][0].data, net.params[pr][1].data) for pr in params}
for fc in params:
    print("%s weights are %s dimensional and biases are %s dimensional"
          % (fc, fc_params[fc][0].shape, fc_params[fc][1].shape))

net_full_conv = caffe.Net("conv.prototxt", "fc.caffemodel", caffe.TEST)
params_full_conv = ["fc1-conv", "fc2-conv"]
conv_params = {pr: (net_full_conv.params[pr][0].data, net_full_conv.params[pr][1].data)
               for pr in params_full_conv}
for pr, pr_conv in zip(params, params_full_conv):
    conv_params[pr_conv][0].flat = fc_params[pr][0].flat  # flat unrolls the arrays
    conv_params[pr_conv][1][...] = fc_params[pr][1]
net_full_conv.save("full_conv.caffemodel")

image = np.random.RandomState(0).rand(1, 1, 12, 14)
out = net_full_conv.forward_all(data=image)
whole = out["prob"]
print("map", whole.shape)
worst = 0
for y in range(whole.shape[2]):
    for x in range(whole.shape[3]):
        window = image[:, :, y * 2:y * 2 + 8, x * 2:x * 2 + 8]
        one = net.forward_all(data=window)["prob"][0]
        worst = max(worst, np.abs(one - whole[0, :, y, x]).max())
print("largest difference %g" % worst)
assert worst < 1e-5
