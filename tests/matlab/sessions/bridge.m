% MATLAB's half, as far as Octave can run it: its bytes, with stand-ins for pyenv and the package py.
1;

function put(name, text)
  file = fopen(name, 'w');
  fputs(file, text);
  fclose(file);
end

mkdir('stand'); mkdir('stand/+py'); mkdir('stand/+py/+importlib');
put('stand/pyenv.m', 'function e = pyenv(), e.Status = ''Loaded''; end');
put('stand/+py/bytes.m', ['function b = bytes(x), assert(isa(x, ''uint8'') && isrow(x)); ' ...
  'b = x; end']);
put('stand/+py/+importlib/import_module.m', ['function m = import_module(name), ' ...
  'assert(name, ''caffepy.matlab''); m.answer = @(b) answer(b); end, ' ...
  'function r = answer(b), persistent p, if isempty(p), p = caffe.session.Pipes(); end, ' ...
  'body = p.ask({b})''; r = [typecast(uint64(numel(body)), ''uint8''), body]; end']);
addpath('stand');

link = caffe.session.Bridge();
assert(link.alive());
ask = @(varargin) caffe.session.unpack(link.ask(caffe.session.pack([{pwd()}, varargin])));
net = ask('get_net', 'small.prototxt', 'test'){2};
blob = ask('net_get_attr', net){2}.hBlob_blobs(1);
x = rand([5, 4, 3, 2], 'single');
assert(isempty(ask('blob_set_data', blob, x){1}));
assert(ask('blob_get_data', blob){2}, x);
assert(ask('blob_get_shape', blob){2}, [5, 4, 3, 2]);
assert(ask('blob_set_data', blob, x(1)){1}, 'caffe:ShapeError');
