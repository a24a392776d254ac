% How things end: nets, the Python process, and its children.
1;

caffe.reset_all();  % nothing is there, and nothing is started for that
assert(isempty(children()));

% objects give back what they stand for
caffe.version();
empty = numel(caffe_('held'));
function in_a_function()
  net = caffe.Net('small.prototxt', 'test');
  assert(numel(caffe_('held')) > 0);
end
in_a_function();
net = caffe.Net('small.prototxt', 'test');
blob = net.blobs('data');
solver = caffe.Solver('solver.prototxt');
assert(numel(caffe_('held')), 4);  % with the solver's two nets
clear solver
net = caffe.Net('small.prototxt', 'test');  % the one of before goes
assert(numel(caffe_('held')), 1);
try
  blob.shape;
  error('it went well');
catch problem
  assert(problem.identifier, 'caffe:NotFound');
end

% reset_all ends the process; the mode stays
caffe.set_device(0);
assert(numel(children()), 1);
caffe.reset_all();
assert(isempty(children()));
try
  net.forward_prefilled();
  error('it went well');
catch problem
  assert(! isempty(strfind(problem.message, 'make it again')), problem.message);
end

% a process that dies is said, and the next call starts another
net = caffe.Net('small.prototxt', 'test');
kill(children(), 9);
try
  net.forward_prefilled();
  error('it went well');
catch problem
  assert(problem.identifier, 'caffe:Ended');
  assert(! isempty(strfind(problem.message, 'killed by signal 9')), problem.message);
end
net = caffe.Net('small.prototxt', 'test');
net.forward_prefilled();

% a Python that cannot do it
python = getenv('CAFFEPY_PYTHON');
for program = {'/nowhere/python', 'false'}
  caffe.reset_all();
  setenv('CAFFEPY_PYTHON', program{1});
  try
    caffe.version();
    error('it went well');
  catch problem
    assert(problem.identifier, 'caffe:Ended');
    assert(! isempty(strfind(problem.message, [program{1}, ' does not start caffepy'])));
  end
end
setenv('CAFFEPY_PYTHON', python);
assert(caffe.version(), '1.0.0');

% clear all ends it
clear all
assert(isempty(children()));
