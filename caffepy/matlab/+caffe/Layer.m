classdef Layer < handle
% caffe.Layer  One layer of a net: net.layers(name), net.layer_vec(index).

  properties (Access = private)
    hLayer_self
    asked = false  % whether Python has said which parameters there are: nets have many layers
    found
  end

  properties (Dependent, SetAccess = private)
    params  % its parameters, caffe.Blob: the weights, then the biases, ...
  end

  methods
    function self = Layer(hLayer_layer)
      caffe.session.check(caffe.session.is_handle(hLayer_layer), ...
        'a Layer is got from a net: net.layers(name)');
      self.hLayer_self = hLayer_layer;
    end

    function params = get.params(self)
      if ~self.asked
        attributes = caffe_('layer_get_attr', self.hLayer_self);
        self.found = caffe.session.objects(@caffe.Blob, attributes.hBlob_blobs);
        self.asked = true;
      end
      params = self.found;
    end

    function layer_type = type(self)
      % The type, as in the prototxt.
      layer_type = caffe_('layer_get_type', self.hLayer_self);
    end
  end
end
