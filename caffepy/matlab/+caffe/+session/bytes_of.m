function bytes = bytes_of(text)
% BYTES_OF  A text as a row of bytes, in UTF-8. Octave's texts are such bytes already.
text = reshape(text, 1, []);
if exist('OCTAVE_VERSION', 'builtin')
  bytes = uint8(text);
else
  bytes = unicode2native(text, 'UTF-8');
end
end
