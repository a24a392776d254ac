% Pictures and means: width first, BGR, single.
1;

im = uint8(reshape(mod(1:4 * 6 * 3, 251), 4, 6, 3));  % RGB, 4 high and 6 wide, as imread gives it
colours = caffe.io.load_image('colours.png');
assert(size(colours), [6, 4, 3]);
assert(isa(colours, 'single'));
assert(colours, single(permute(im(:, :, [3, 2, 1]), [2, 1, 3])));
gray = caffe.io.load_image('gray.png');
assert(gray, single(im(:, :, 1)'));
small = caffe.io.resize_image(colours, [3, 2]);
assert(size(small), [3, 2, 3]);
expected = (colours(1:2:end, 1:2:end, :) + colours(2:2:end, 1:2:end, :) + ...
  colours(1:2:end, 2:2:end, :) + colours(2:2:end, 2:2:end, :)) / 4;
assert(small, expected, 1e-4);

caffe.io.write_mean(colours, 'mean.binaryproto');
assert(caffe.io.read_mean('mean.binaryproto'), colours);
caffe.io.write_mean(gray, 'gray.binaryproto');
assert(caffe.io.read_mean('gray.binaryproto'), gray);
