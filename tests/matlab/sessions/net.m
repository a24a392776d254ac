% A net: what it is made of, what it computes, and the order of axes.
1;

net = caffe.Net('small.prototxt', 'test');
assert(net.layer_names, {'data'; 'conv'; 'ip'});
assert(net.blob_names, {'data'; 'conv'; 'ip'});
assert(net.inputs, {'data'});
assert(net.outputs, {'ip'});
assert(numel(net.layer_vec), 3);
assert(numel(net.blob_vec), 3);
assert(net.name2layer_index('ip'), 3);
assert(net.blob_vec(net.name2blob_index('conv')).shape, [5, 4, 2, 2]);
assert(net.layers('conv').type, 'Convolution');
assert(net.layer_vec(3).type(), 'InnerProduct');
assert(numel(net.layers('conv').params), 2);
assert(isempty(net.layers('data').params));
assert(net.layers('conv').params(1).shape, [1, 1, 3, 2]);
assert(net.params('ip', 1).shape, [40, 3]);
assert(net.params('ip', 2).shape, 3);
assert(size(net.params('ip', 2).get_data()), [3, 1]);
assert(net.blobs('data').shape, [5, 4, 3, 2]);

% what it computes, by the formulas: convolution with 1 x 1 kernels, then inner products
x = rand([5, 4, 3, 2], 'single');
w = reshape(net.params('conv', 1).get_data(), 3, 2);
b = net.params('conv', 2).get_data();
v = net.params('ip', 1).get_data();
c = net.params('ip', 2).get_data();
conv = zeros([5, 4, 2, 2], 'single');
for n = 1:2
  conv(:, :, :, n) = reshape(reshape(x(:, :, :, n), 20, 3) * w + b', [5, 4, 2]);
end
ip = v' * reshape(conv, 40, 2) + c;

out = net.forward({x});
assert(iscell(out) && isequal(size(out), [1, 1]));
assert(isa(out{1}, 'single'));
assert(out{1}, ip, -1e-5);
assert(net.blobs('conv').get_data(), conv, -1e-5);

net.blobs('data').set_data(2 * double(x));  % any numbers are taken
net.forward_prefilled();
assert(net.blobs('ip').get_data(), v' * reshape(2 * (conv - reshape(b, 1, 1, 2)) + ...
  reshape(b, 1, 1, 2), 40, 2) + c, 1e-4);

% gradients
dy = rand([3, 2], 'single');
dx = net.backward({dy});
dconv = reshape(v * dy, [20, 2, 2]);
for n = 1:2
  assert(dx{1}(:, :, :, n), reshape(dconv(:, :, n) * w', [5, 4, 3]), 1e-5);
end
net.blobs('ip').set_diff(2 * dy);
net.backward_prefilled();
assert(net.blobs('data').get_diff(), 2 * dx{1}, 1e-5);

% another batch size
net.blobs('data').reshape([5, 4, 3, 7]);
net.reshape();
assert(net.blobs('ip').shape, [3, 7]);
net.blobs('data').reshape([5, 4, 3, 1]);
out = net.forward({x(:, :, :, 1)});  % the one at the end of its size is lost
assert(out{1}, ip(:, 1), -1e-5);
assert(size(ones(net.blobs('data').shape)), [5, 4, 3]);

% weights in a file
net.save('small.caffemodel');
again = caffe.Net('small.prototxt', 'small.caffemodel', 'test');
assert(again.params('ip', 1).get_data(), v);
other = caffe.get_net('small.prototxt', 'train');
assert(! isequal(other.params('ip', 1).get_data(), v));
other.copy_from('small.caffemodel');
assert(other.params('ip', 1).get_data(), v);

% two nets at once have nothing to do with each other
other.params('ip', 1).set_data(zeros(40, 3));
assert(net.params('ip', 1).get_data(), v);
clear other again
out = net.forward({x(:, :, :, 1)});
assert(out{1}, ip(:, 1), -1e-5);

% paths start where Octave is
folder = pwd();
mkdir('below');
cd('below');
assert(numel(caffe.Net('../small.prototxt', 'test').layer_vec), 3);
cd(folder);
assert(caffe.version(), '1.0.0');
