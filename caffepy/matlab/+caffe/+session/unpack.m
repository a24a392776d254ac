function values = unpack(bytes)
% UNPACK  The values in a frame's bytes after its length, as caffepy/matlab/frames.py describes
% them.

bytes = reshape(bytes, 1, []);
values = {};
at = 1;
while at <= numel(bytes)
  [values{end + 1}, at] = value_at(bytes, at);
end
end

function [value, at] = value_at(bytes, at)
first = typecast(bytes(at:at + 7), 'uint32');
kind = first(1);
n = double(first(2));
at = at + 8;
switch kind
  case 1
    value = caffe.session.text_of(bytes(at:at + n - 1));
    at = after(at, n);
  case 2
    value = names_of(bytes(at:at + n - 1));
    at = after(at, n);
  case {3, 4}
    axes = double(typecast(bytes(at:at + 8 * n - 1), 'uint64'));
    at = at + 8 * n;
    if kind == 3
      count = 4 * prod(axes);
      value = typecast(bytes(at:at + count - 1), 'single');
    else
      count = 8 * prod(axes);
      value = typecast(bytes(at:at + count - 1), 'double');
    end
    value = reshape(value, axes);
    at = after(at, count);
  case 5
    numbers = typecast(bytes(at:at + 8 * n + 7), 'double');
    value = struct('ptr', num2cell(numbers(2:end)'), 'init_key', numbers(1));
    at = at + 8 * (n + 1);
  case 6
    value = struct();
    for k = 1:n
      [name, at] = value_at(bytes, at);
      [value.(name), at] = value_at(bytes, at);
    end
  otherwise
    error('caffe:DataError', 'a reply of Python''s cannot be read (found kind %d)', kind);
end
end

function at = after(at, count)
at = at + count + mod(-count, 8);
end

function names = names_of(bytes)
ends = find(bytes == 0)';
names = cell(numel(ends), 1);
from = 1;
for k = 1:numel(ends)
  names{k} = caffe.session.text_of(bytes(from:ends(k) - 1));
  from = ends(k) + 1;
end
end
