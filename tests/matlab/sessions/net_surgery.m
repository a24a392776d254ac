% As in the tutorials: look into a net, change its weights, turn inner products into convolutions.
1;

net = caffe.Net('small.prototxt', 'test');
net.save('small.caffemodel');

% ten times the weights of one layer
net.params('conv', 1).set_data(net.params('conv', 1).get_data() * 10);
net.params('conv', 2).set_data(net.params('conv', 2).get_data() * 10);
net.save('my_net.caffemodel');
first = caffe.Net('small.prototxt', 'small.caffemodel', 'test');
changed = caffe.Net('small.prototxt', 'my_net.caffemodel', 'test');
x = ones(net.blobs('data').shape);
first.blobs('data').set_data(x);
first.forward_prefilled();
changed.blobs('data').set_data(x);
changed.forward_prefilled();
assert(changed.blobs('conv').get_data(), 10 * first.blobs('conv').get_data(), -1e-5);

% the net as convolutions: the same numbers in another shape
text = fileread('small.prototxt');
text = strrep(text, 'InnerProduct', 'Convolution');
text = strrep(text, 'inner_product_param { num_output: 3', ...
  'convolution_param { num_output: 3 kernel_h: 4 kernel_w: 5');
file = fopen('full_conv.prototxt', 'w');
fputs(file, strrep(text, 'name: "ip"', 'name: "ip-conv"'));
fclose(file);
full = caffe.Net('full_conv.prototxt', 'small.caffemodel', 'test');
assert(full.params('ip-conv', 1).shape, [5, 4, 2, 3]);
weights = first.params('ip', 1).get_data();
full.params('ip-conv', 1).set_data(reshape(weights, [5, 4, 2, 3]));
full.params('ip-conv', 2).set_data(first.params('ip', 2).get_data());
full.save('full_conv.caffemodel');
scores = full.forward({x});
assert(size(scores{1}), [1, 1, 3, 2]);
assert(reshape(scores{1}, 3, 2), first.blobs('ip').get_data(), -1e-4);

% and over a larger picture: a map of scores
full.blobs('data').reshape([8, 6, 3, 1]);
full.reshape();
scores = full.forward({ones(8, 6, 3)});
assert(size(scores{1}), [4, 3, 3]);
assert(squeeze(scores{1}(2, 2, :)), first.blobs('ip').get_data()(:, 1), -1e-4);
caffe.reset_all();
