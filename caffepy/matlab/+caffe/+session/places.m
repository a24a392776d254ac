function map = places(names)
% PLACES  A containers.Map from each name to its index.
map = containers.Map('KeyType', 'char', 'ValueType', 'double');
if ~isempty(names)
  map = containers.Map(names, num2cell(1:numel(names)));
end
end
