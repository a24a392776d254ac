function set_mode_gpu()
% caffe.set_mode_gpu()  Nets made from now on compute on the GPU.
caffe_('set_mode_gpu');
end
