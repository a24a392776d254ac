function yes = is_handle(value)
% IS_HANDLE  Whether this is a handle, as caffe_ gives them: one thing of the Python session.
yes = isstruct(value) && isscalar(value) && all(isfield(value, {'ptr', 'init_key'}));
end
