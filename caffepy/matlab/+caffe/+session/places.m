function map = places(names)
% PLACES  A containers.Map from each name to its index.
map = containers.Map('KeyType', 'char', 'ValueType', 'double');
for k = 1:numel(names)
  map(names{k}) = k;
end
end
