function net = get_net(varargin)
% caffe.get_net(model_file, phase_name), caffe.get_net(model_file, weights_file, phase_name)
%
% The same as caffe.Net.
net = caffe.Net(varargin{:});
end
