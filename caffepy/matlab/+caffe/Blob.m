classdef Blob < handle
% caffe.Blob  Values and gradients of one shape; got from a net or a layer.
%
% Shapes and arrays have their axes in MATLAB's order, the quickest first:
% width x height x channels x num. Numbers are single.

  properties (Access = private)
    hBlob_self
  end

  methods
    function self = Blob(hBlob_blob)
      caffe.session.check(caffe.session.is_handle(hBlob_blob), ...
        'a Blob is got from a net: net.blobs(name), net.params(layer, index)');
      self.hBlob_self = hBlob_blob;
    end

    function shape = shape(self)
      % A row of lengths; empty for a single number without axes.
      shape = caffe_('blob_get_shape', self.hBlob_self);
    end

    function reshape(self, shape)
      % Take another shape. net.reshape() then gives the blobs above theirs.
      caffe.session.check(isempty(shape) || (isnumeric(shape) && isrow(shape)), ...
        'shape must be a row of whole numbers');
      caffe_('blob_reshape', self.hBlob_self, double(shape));
    end

    function data = get_data(self)
      % The values.
      data = caffe_('blob_get_data', self.hBlob_self);
    end

    function set_data(self, data)
      % Write the values. The size is the blob's; ones at its end may be missing.
      caffe.session.check(isnumeric(data) || islogical(data), ...
        sprintf('data must be numbers (found %s)', class(data)));
      caffe_('blob_set_data', self.hBlob_self, single(data));
    end

    function diff = get_diff(self)
      % The gradients.
      diff = caffe_('blob_get_diff', self.hBlob_self);
    end

    function set_diff(self, diff)
      % Write the gradients.
      caffe.session.check(isnumeric(diff) || islogical(diff), ...
        sprintf('diff must be numbers (found %s)', class(diff)));
      caffe_('blob_set_diff', self.hBlob_self, single(diff));
    end
  end
end
