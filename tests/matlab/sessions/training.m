% LeNet on MNIST, step by step; the losses go into a file, which is compared with Python's.
1;

caffe.set_mode_cpu();
solver = caffe.Solver('lenet_solver.prototxt');
train_net = solver.net;
test_net = solver.test_nets(1);
losses = zeros(1, 200);
for iter = 1:200
  solver.step(1);
  losses(iter) = train_net.blobs('loss').get_data();
end
assert(solver.iter(), 200);
file = fopen('losses.txt', 'w');
fprintf(file, '%.9g\n', losses);
fclose(file);

train_net.save('lenet.caffemodel');
test_net.copy_from('lenet.caffemodel');
test_net.forward_prefilled();
accuracy = test_net.blobs('accuracy').get_data();
assert(accuracy > 0.85, 'accuracy %g', accuracy);
size(train_net.params('conv1', 1).get_diff());
solver.restore('lenet_iter_200.solverstate');
solver.step(1);
assert(solver.iter(), 201);
