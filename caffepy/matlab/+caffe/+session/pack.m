function pieces = pack(values)
% PACK  Values as the pieces of a frame, as caffepy/matlab/frames.py describes them.
%
% Pieces are rows of uint8, and arrays of numbers as they are. Their bytes in a row are the frame.

pieces = {[]};  % the length
for k = 1:numel(values)
  value = values{k};
  if isa(value, 'string')
    value = char(value);
  end
  if ischar(value)
    text = caffe.session.bytes_of(value);
    pieces{end + 1} = [head(1, numel(text)), text, filling(numel(text))];
  elseif isstruct(value) && all(isfield(value, {'ptr', 'init_key'})) && ~isempty(value)
    pieces{end + 1} = [head(5, numel(value)), ...
      typecast([value(1).init_key, value.ptr], 'uint8')];
  elseif isa(value, 'single') && isreal(value)
    axes = size(value);
    pieces{end + 1} = [head(3, numel(axes)), typecast(uint64(axes), 'uint8')];
    pieces{end + 1} = value;
    pieces{end + 1} = filling(4 * numel(value));
  elseif (isnumeric(value) || islogical(value)) && isreal(value)
    axes = size(value);
    pieces{end + 1} = [head(4, numel(axes)), typecast(uint64(axes), 'uint8')];
    pieces{end + 1} = double(full(value));
  else
    error('caffe:ConfigError', ['argument %d: strings, real arrays and handles can be given ' ...
      '(found %s)'], k - 2, class(value));
  end
end
count = 0;
for k = 2:numel(pieces)
  count = count + numel(pieces{k}) * width(pieces{k});
end
pieces{1} = typecast(uint64(count), 'uint8');
end

function bytes = head(kind, count)
bytes = typecast(uint32([kind, count]), 'uint8');
end

function bytes = filling(count)
bytes = zeros(1, mod(-count, 8), 'uint8');
end

function bytes = width(piece)
switch class(piece)
  case 'uint8', bytes = 1;
  case 'single', bytes = 4;
  case 'double', bytes = 8;
end
end
