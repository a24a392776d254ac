% Wrong calls: an error that says what is wrong, and everything goes on.
1;

function refused(code, words, identifier = 'caffe:\w+')
  try
    evalin('base', code);
  catch problem
    assert(! isempty(regexp(problem.message, words, 'once')), ...
      '%s\nsays: %s\nand should: %s', code, problem.message, words);
    assert(! isempty(regexp(problem.identifier, ['^', identifier, '$'], 'once')), ...
      '%s: %s', code, problem.identifier);
    return
  end
  error('%s went well', code);
end

net = caffe.Net('small.prototxt', 'test');
x = zeros([5, 4, 3, 2], 'single');

refused('caffe.Net(''small.prototxt'')', 'usage: caffe\.Net');
refused('caffe.Net(''small.prototxt'', ''tests'')', '''train'' or ''test''.*mean test\?');
refused('caffe.Net(3, ''test'')', 'model_file must be a string .found a double array of 1 x 1');
refused('caffe.Net(''nowhere.prototxt'', ''test'')', 'File not found: nowhere', 'caffe:NotFound');
refused('caffe.Net(''small.prototxt'', ''no.caffemodel'', ''test'')', 'no\.caffemodel');
refused('net.copy_from({1})', 'argument 2: .*cell');
refused('net.forward(x)', 'input_data must be a cell .found single');
refused('net.forward({x, x})', 'each of the net''s inputs .found 2, allowed: 1, for data');
refused('net.forward({})', 'found 0');
refused('net.forward({x(:, :, :, 1)})', ['net ''small'', blob ''data'': .*found 5 x 4 x 3; ' ...
  'allowed: 5 x 4 x 3 x 2'], 'caffe:ShapeError');
refused('net.forward({''text''})', 'data must be numbers .found char');
refused('net.forward({complex(x, x + 1)})', 'argument 2: .*real');
refused('net.backward({1, 2})', 'each of the net''s outputs .found 2, allowed: 1, for ip');
refused('net.blobs(''dat'')', 'no blob ''dat''.*mean data\?', 'caffe:NotFound');
refused('net.blobs(1)', 'blob_name must be a string');
refused('net.layers(''Conv'')', 'no layer ''Conv''.*mean conv\?');
refused('net.params(''conv'', 3)', 'layer ''conv'' has 2 parameters .found index 3');
refused('net.params(''conv'', 0)', 'counted from 1');
refused('net.blobs(''data'').reshape([1; 2])', 'shape must be a row');
refused('net.blobs(''data'').reshape([1, 2.5])', 'whole numbers');
refused('net.blobs(''data'').reshape(-1)', 'not negative');
refused('caffe.Blob(3)', 'net\.blobs');
refused('caffe.Layer(3)', 'net\.layers');
refused('caffe.Net(struct())', 'no handle');
refused('caffe.Solver()', 'usage: caffe\.Solver');
refused('caffe.Solver(''small.prototxt'')', 'small\.prototxt');
refused('caffe.set_device(-1)', 'not negative');
refused('caffe.io.write_mean(zeros(2), ''m'')', 'mean_data must be single .found double');
refused('caffe.io.write_mean(zeros(2, 2, 2, 2, ''single''), ''m'')', 'must be a picture');
refused('caffe.io.read_mean(''nowhere'')', 'nowhere');
refused('caffe.io.load_image(''nowhere.png'')', 'nowhere\.png', 'caffe:NotFound');
refused('caffe.io.load_image(''small.prototxt'')', 'not a picture');
refused('caffe.io.resize_image(x(:, :, 1), 3)', '\[width height\]');
refused('caffe_(''net_forwards'', 1)', 'Unknown command.*mean net_forward\?');
refused('caffe_(''net_forward'')', 'Usage: caffe_\(''net_forward'', net\)');
refused('caffe_(''net_forward'', 1)', 'net must be a handle');

% an error of a user's own layer, in the middle; what is printed there does no harm
noisy = caffe.Net('noisy.prototxt', 'test');
refused('noisy.forward({[-1; 0]})', 'noisy\.py:\d+ .*ValueError: it is negative');
out = noisy.forward({[1; 2]});
assert(out{1}, single([1; 2]));

out = net.forward({x});
assert(size(out{1}), [3, 2]);
