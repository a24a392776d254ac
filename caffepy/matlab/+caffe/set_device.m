function set_device(device_id)
% caffe.set_device(device_id)  Which GPU is meant, from 0.
caffe_('set_device', device_id);
end
