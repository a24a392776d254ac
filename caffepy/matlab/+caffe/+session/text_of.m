function text = text_of(bytes)
% TEXT_OF  The text in a row of bytes, in UTF-8.
if exist('OCTAVE_VERSION', 'builtin')
  text = char(bytes);
else
  text = native2unicode(bytes, 'UTF-8');
end
text = reshape(text, 1, []);
end
