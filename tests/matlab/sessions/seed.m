% The same seed, the same weights.
1;

for run = 1:3
  caffe.set_random_seed(1 + (run == 3));
  net = caffe.Net('small.prototxt', 'test');
  weights{run} = net.params('ip', 1).get_data();
end
assert(weights{1}, weights{2});
assert(! isequal(weights{1}, weights{3}));
