"""Time each layer of a training with callbacks, as the original's train.py does."""
import caffe

caffe.init_log(2)
caffe.log("Using devices []")
solver = caffe.SGDSolver("solver.prototxt")
fprop, bprop = [], []
total = caffe.Timer()
allrd = caffe.Timer()
for _ in range(len(solver.net.layers)):
    fprop.append(caffe.Timer())
    bprop.append(caffe.Timer())
seen = []

solver.net.before_forward(lambda layer: fprop[layer].start())
solver.net.after_forward(lambda layer: fprop[layer].stop())
solver.net.before_backward(lambda layer: bprop[layer].start())
solver.net.after_backward(lambda layer: bprop[layer].stop())
solver.add_callback(lambda: total.start(), lambda: (total.stop(), allrd.start()))
solver.add_callback(lambda: None, lambda: (allrd.stop(), seen.append(solver.iter)))
solver.step(solver.param.max_iter)
print("iterations", seen)
for i, layer in enumerate(solver.net._layer_names):
    print("%s forward %.3f ms backward %.3f ms" % (layer, fprop[i].ms, bprop[i].ms))
print("total %.3f allreduce %.3f" % (total.ms, allrd.ms))
