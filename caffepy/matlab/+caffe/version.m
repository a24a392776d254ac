function version_str = version()
% caffe.version()  The release of Caffe whose words these are.
version_str = caffe_('version');
end
