% classification_demo as its help says.
1;

addpath(fullfile(getenv('WORDS'), 'demo'));
im = uint8(reshape(mod((1:10 * 12 * 3) * 37, 256), 10, 12, 3));
[scores, maxlabel] = classification_demo(im, false, 'model', 'mean.binaryproto');
assert(size(scores), [5, 1]);
assert(sum(scores), single(1), 1e-5);

% by hand: the ten crops, one by one
mean_data = caffe.io.read_mean('mean.binaryproto');
picture = caffe.io.resize_image(single(permute(im(:, :, [3, 2, 1]), [2, 1, 3])), [8, 8]) - mean_data;
net = caffe.Net('model/deploy.prototxt', 'model/some.caffemodel', 'test');
net.blobs('data').reshape([6, 6, 3, 1]);
total = 0;
for corner = [0, 0, 2, 2, 1; 0, 2, 0, 2, 1]
  crop = picture(corner(1) + (1:6), corner(2) + (1:6), :);
  for mirrored = {crop, flipud(crop)}
    out = net.forward(mirrored);
    total = total + out{1};
  end
end
assert(scores, total / 10, 1e-5);
[~, best] = max(total);
assert(maxlabel, best);
try
  classification_demo(im);
  error('it went well');
catch problem
  assert(! isempty(strfind(problem.message, 'Download the weights')), problem.message);
end
