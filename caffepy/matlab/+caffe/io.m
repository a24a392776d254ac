classdef io
% caffe.io  Pictures and means: width x height x channels, colours in the order BGR, single.

  methods (Static)
    function im_data = load_image(im_file)
      % A picture file as a data layer reads it: 0 to 255; one channel if it is gray.
      im_data = caffe_('load_image', im_file);
    end

    function im_data = resize_image(im_data, shape)
      % A picture in another size, [width height], bilinear as the data layers resize. The
      % original has none: MATLAB has imresize, Octave in its package image.
      im_data = caffe_('resize_image', single(im_data), double(shape));
    end

    function mean_data = read_mean(mean_proto_file)
      % The mean picture of a binaryproto file.
      mean_data = caffe_('read_mean', mean_proto_file);
    end

    function write_mean(mean_data, mean_proto_file)
      % Write a mean picture as a binaryproto file.
      caffe.session.check(isa(mean_data, 'single'), sprintf( ...
        'mean_data must be single (found %s). Write single(mean_data).', class(mean_data)));
      caffe_('write_mean', mean_data, mean_proto_file);
    end
  end
end
