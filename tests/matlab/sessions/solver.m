% A solver: steps, snapshots, its nets, and what becomes of them.
1;

solver = caffe.Solver('solver.prototxt');
assert(solver.iter(), 0);
assert(solver.max_iter(), 9);
assert(numel(solver.test_nets), 1);
before = solver.net.params('ip', 1).get_data();
solver.step(3);
assert(solver.iter(), 3);
assert(! isequal(solver.net.params('ip', 1).get_data(), before));
assert(size(solver.net.blobs('loss').get_data()), [1, 1]);
assert(isempty(solver.net.inputs));
assert(solver.net.outputs, {'loss'});
solver.test_nets(1).forward_prefilled();
assert(solver.test_nets(1).blobs('loss').get_data() > 0);
for bad = {0, -1, 1.5, [1, 2]}
  try
    solver.step(bad{1});
    error('it went well');
  catch problem
    assert(! isempty(strfind(problem.message, 'iters must be')), problem.message);
  end
end
solver.solve();
assert(solver.iter(), 9);
weights = solver.net.params('ip', 1).get_data();

again = caffe.get_solver('solver.prototxt');
again.restore('trained_iter_9.solverstate');
assert(again.iter(), 9);
assert(again.net.params('ip', 1).get_data(), weights);
try
  again.restore('nowhere.solverstate');
  error('it went well');
catch problem
  assert(! isempty(strfind(problem.message, 'nowhere.solverstate')), problem.message);
end

net = solver.net;  % stays when the solver goes
clear solver
net.forward_prefilled();
assert(net.params('ip', 1).get_data(), weights);
