classdef Net < handle
% caffe.Net  A network.
%
%   net = caffe.Net('deploy.prototxt', 'test')
%   net = caffe.Net('deploy.prototxt', 'weights.caffemodel', 'test')
%
%   scores = net.forward({data});                 % a cell in, a cell out
%   net.blobs('data').set_data(data);             % or step by step
%   net.forward_prefilled();
%   scores = net.blobs('prob').get_data();
%   weights = net.params('conv1', 1).get_data();  % 2 are the biases

  properties (SetAccess = private, Hidden)  % at `clear all` Octave's delete sees nothing private
    hNet_self
  end

  properties (SetAccess = private)
    layer_vec         % the layers, caffe.Layer
    blob_vec          % the blobs, caffe.Blob
    inputs            % names of the blobs that are given
    outputs           % names of the blobs that nothing reads
    name2layer_index  % containers.Map from a name to its place in layer_vec
    name2blob_index   % and in blob_vec
    layer_names
    blob_names
  end

  methods
    function self = Net(varargin)
      if nargin == 1 && isstruct(varargin{1})  % a handle, of a solver's net for one
        self.hNet_self = varargin{1};
        caffe.session.check(caffe.session.is_handle(self.hNet_self), 'this is no handle of a net');
      else
        caffe.session.check(nargin == 2 || nargin == 3, ['usage: caffe.Net(model_file, ' ...
          'phase_name) or caffe.Net(model_file, weights_file, phase_name)']);
        self.hNet_self = caffe_('get_net', varargin{1}, varargin{nargin});
        if nargin == 3
          self.copy_from(varargin{2});
        end
      end
      attributes = caffe_('net_get_attr', self.hNet_self);
      self.layer_vec = caffe.session.objects(@caffe.Layer, attributes.hLayer_layers);
      self.blob_vec = caffe.session.objects(@caffe.Blob, attributes.hBlob_blobs);
      self.layer_names = attributes.layer_names;
      self.blob_names = attributes.blob_names;
      self.inputs = self.blob_names(attributes.input_blob_indices + 1);
      self.outputs = self.blob_names(attributes.output_blob_indices + 1);
      self.name2layer_index = caffe.session.places(self.layer_names);
      self.name2blob_index = caffe.session.places(self.blob_names);
    end

    function delete(self)
      caffe.session.give_back('delete_net', self.hNet_self);
    end

    function layer = layers(self, layer_name)
      % The layer of that name.
      layer = self.layer_vec(self.place_of('layer', self.name2layer_index, layer_name));
    end

    function blob = blobs(self, blob_name)
      % The blob of that name.
      blob = self.blob_vec(self.place_of('blob', self.name2blob_index, blob_name));
    end

    function blob = params(self, layer_name, blob_index)
      % A parameter of a layer: 1 the weights, 2 the biases, ...
      params = self.layers(layer_name).params;
      count = numel(params);
      caffe.session.check(isnumeric(blob_index) && isscalar(blob_index) && ...
        any(blob_index == 1:count), sprintf(['layer ''%s'' has %d parameters (found index %s). ' ...
        'They are counted from 1.'], layer_name, count, mat2str(double(blob_index))));
      blob = params(blob_index);
    end

    function forward_prefilled(self)
      % Compute from what is in the input blobs.
      caffe_('net_forward', self.hNet_self);
    end

    function backward_prefilled(self)
      % Compute gradients from those in the output blobs.
      caffe_('net_backward', self.hNet_self);
    end

    function res = forward(self, input_data)
      % Compute: a cell with an array for each of inputs, and one for each of outputs back.
      self.check_cell('input_data', input_data, 'inputs', self.inputs);
      for n = 1:numel(self.inputs)
        self.blobs(self.inputs{n}).set_data(input_data{n});
      end
      self.forward_prefilled();
      res = cell(numel(self.outputs), 1);
      for n = 1:numel(self.outputs)
        res{n} = self.blobs(self.outputs{n}).get_data();
      end
    end

    function res = backward(self, output_diff)
      % Compute gradients: a cell with those of each of outputs, and those of each of inputs back.
      % For these the prototxt must say force_backward: true.
      self.check_cell('output_diff', output_diff, 'outputs', self.outputs);
      for n = 1:numel(self.outputs)
        self.blobs(self.outputs{n}).set_diff(output_diff{n});
      end
      self.backward_prefilled();
      res = cell(numel(self.inputs), 1);
      for n = 1:numel(self.inputs)
        res{n} = self.blobs(self.inputs{n}).get_diff();
      end
    end

    function copy_from(self, weights_file)
      % Copy the parameters of layers of equal name from a .caffemodel.
      caffe_('net_copy_from', self.hNet_self, weights_file);
    end

    function reshape(self)
      % Give all blobs the shapes that follow from the inputs'; forward does so too.
      caffe_('net_reshape', self.hNet_self);
    end

    function save(self, weights_file)
      % Write a .caffemodel.
      caffe_('net_save', self.hNet_self, weights_file);
    end
  end

  methods (Access = private)
    function index = place_of(self, what, indices, name)
      caffe.session.check(ischar(name), sprintf('%s_name must be a string', what));
      if isKey(indices, name)
        index = indices(name);
      else  % an error that says which name is near
        index = caffe_(['net_find_', what], self.hNet_self, name) + 1;
      end
    end

    function check_cell(~, argument, given, what, names)
      caffe.session.check(iscell(given), sprintf('%s must be a cell (found %s)', argument, ...
        class(given)));
      caffe.session.check(numel(given) == numel(names), sprintf(['%s must have one array for ' ...
        'each of the net''s %s (found %d, allowed: %d, for%s)'], argument, what, ...
        numel(given), numel(names), sprintf(' %s', names{:})));
    end
  end
end
