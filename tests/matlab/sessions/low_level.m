% Scripts that call caffe_ themselves.
1;

hNet = caffe_('get_net', 'small.prototxt', 'test');
assert(sort(fieldnames(hNet)), {'init_key'; 'ptr'});
assert(hNet.init_key, caffe_('get_init_key'));
attributes = caffe_('net_get_attr', hNet);
assert(attributes.layer_names, {'data'; 'conv'; 'ip'});
assert(attributes.blob_names, {'data'; 'conv'; 'ip'});
assert(attributes.input_blob_indices, 0);
assert(attributes.output_blob_indices, 2);
assert(size(attributes.hLayer_layers), [3, 1]);
hBlob = attributes.hBlob_blobs(1);
assert(caffe_('blob_get_shape', hBlob), [5, 4, 3, 2]);
caffe_('blob_set_data', hBlob, ones([5, 4, 3, 2], 'single'));
assert(all(caffe_('blob_get_data', hBlob)(:) == 1));
caffe_('net_forward', hNet);
caffe_('blob_set_diff', attributes.hBlob_blobs(3), ones([3, 2], 'single'));
caffe_('net_backward', hNet);
assert(any(caffe_('blob_get_diff', hBlob)(:) != 0));
assert(caffe_('layer_get_type', attributes.hLayer_layers(2)), 'Convolution');
parameters = caffe_('layer_get_attr', attributes.hLayer_layers(2));
assert(numel(parameters.hBlob_blobs), 2);
assert(isequal(parameters, caffe_('layer_get_attr', attributes.hLayer_layers(2))));
caffe_('blob_reshape', hBlob, [5, 4, 3, 1]);
caffe_('net_reshape', hNet);
assert(caffe_('blob_get_shape', attributes.hBlob_blobs(3)), [3, 1]);
caffe_('blob_reshape', hBlob, []);  % a number without axes
assert(size(caffe_('blob_get_shape', hBlob)), [1, 0]);
assert(size(caffe_('blob_get_data', hBlob)), [1, 1]);
caffe_('net_save', hNet, 'low.caffemodel');
caffe_('net_copy_from', hNet, 'low.caffemodel');
caffe_('delete_net', hNet);
caffe_('delete_net', hNet);
try
  caffe_('net_forward', hNet);
  error('it went well');
catch problem
  assert(problem.identifier, 'caffe:NotFound');
end

hSolver = caffe_('get_solver', 'solver.prototxt');
attributes = caffe_('solver_get_attr', hSolver);
assert(numel(attributes.hNet_test_nets), 1);
caffe_('solver_step', hSolver, 2);
assert(caffe_('solver_get_iter', hSolver), 2);
caffe_('solver_solve', hSolver);
assert(caffe_('solver_get_iter', hSolver), 9);
caffe_('solver_restore', hSolver, 'trained_iter_9.solverstate');
caffe_('delete_solver', hSolver);
caffe_('net_forward', attributes.hNet_net);  % whoever has it still has it
caffe_('set_mode_cpu');
caffe_('set_device', 0);
caffe_('write_mean', single(reshape(1:12, 3, 2, 2)), 'mean.binaryproto');
assert(caffe_('read_mean', 'mean.binaryproto'), single(reshape(1:12, 3, 2, 2)));
assert(caffe_('version'), '1.0.0');
key = caffe_('get_init_key');
caffe_('reset');
assert(key != caffe_('get_init_key'));
