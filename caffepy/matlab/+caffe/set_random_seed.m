function set_random_seed(seed)
% caffe.set_random_seed(seed)  Let the nets made from now on draw the same numbers in each run.
caffe_('set_random_seed', seed);
end
