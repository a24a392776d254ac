function set_mode_cpu()
% caffe.set_mode_cpu()  Nets made from now on compute on the CPU.
caffe_('set_mode_cpu');
end
