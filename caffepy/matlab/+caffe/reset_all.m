function reset_all()
% caffe.reset_all()  Clear all nets and solvers; what still stands for them is of no use any more.
caffe_('reset');
end
