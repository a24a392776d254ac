"""Trains with several workers, a process each, in the manner of the original's train.py."""

import argparse
import sys
from multiprocessing import get_context

import caffe


def train(proto, snapshot, workers, layer_wise, iterations):
    uid = caffe.NCCL.new_uid()

    caffe.init_log()
    caffe.log('Using %d workers' % workers)

    spawn = get_context('spawn')
    procs = []
    for rank in range(workers):
        p = spawn.Process(target=solve,
                          args=(proto, snapshot, workers, layer_wise, iterations, uid, rank))
        p.daemon = True
        p.start()
        procs.append(p)
    for p in procs:
        p.join()
    sys.exit(max(abs(p.exitcode) for p in procs))


def solve(proto, snapshot, workers, layer_wise, iterations, uid, rank):
    caffe.set_mode_cpu()
    caffe.set_device(rank)
    caffe.set_solver_count(workers)
    caffe.set_solver_rank(rank)
    caffe.set_multiprocess(True)

    solver = caffe.SGDSolver(proto)
    if snapshot and len(snapshot) != 0:
        solver.restore(snapshot)

    nccl = caffe.NCCL(solver, uid)
    nccl.bcast()

    calls = []
    solver.add_callback(lambda: calls.append('start'), lambda: calls.append('ready'))
    solver.add_callback(nccl)
    solver.param.layer_wise_reduce = layer_wise
    if solver.param.layer_wise_reduce:
        solver.net.after_backward(nccl)
    solver.step(iterations)
    assert calls == ['start', 'ready'] * iterations
    solver.net.save('worker%d.caffemodel' % rank)
    if rank == 0 and iterations == 3:
        solver.snapshot()


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument("--solver", required=True)
    parser.add_argument("--snapshot")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--whole", action='store_true')
    args = parser.parse_args()
    train(args.solver, args.snapshot, args.workers, not args.whole, args.iterations)
