function array = objects(class_, handles)
% OBJECTS  An object of the class for each handle, as a row.
array = [];
for k = 1:numel(handles)
  if k == 1
    array = class_(handles(k));  % Octave has no empty arrays of objects
  else
    array(k) = class_(handles(k));
  end
end
end
