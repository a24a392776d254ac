"""A training loop of one's own, with its own log."""
from __future__ import division, print_function

import caffe
import numpy as np

caffe.set_mode_cpu()
solver = None
solver = caffe.SGDSolver("solver.prototxt")

print([(k, v.data.shape) for k, v in solver.net.blobs.items()])
print([(k, v[0].data.shape) for k, v in solver.net.params.items()])
solver.net.forward()
solver.test_nets[0].forward()

niter = 60
test_interval = 20
train_loss = np.zeros(niter)
test_acc = np.zeros(int(np.ceil(niter / test_interval)))
with open("log.csv", "w") as log:
    log.write("iter,loss,norm\n")
    for it in range(niter):
        solver.step(1)
        train_loss[it] = solver.net.blobs["loss"].data
        norm = np.linalg.norm(solver.net.params["ip"][0].diff)
        log.write("%d,%f,%f\n" % (solver.iter, train_loss[it], norm))
        # run a full test every so often
        if it % test_interval == test_interval - 1:
            correct = 0
            for test_it in range(5):
                solver.test_nets[0].share_with(solver.net)
                solver.test_nets[0].forward()
                correct += sum(solver.test_nets[0].blobs["ip"].data.argmax(1)
                               == solver.test_nets[0].blobs["label"].data)
            test_acc[it // test_interval] = correct / 100
            print("Iteration", it, "testing...", test_acc[it // test_interval])
solver.snapshot()
print("final %.3f" % test_acc[-1])
