function solver = get_solver(solver_file)
% caffe.get_solver(solver_file)  The same as caffe.Solver.
solver = caffe.Solver(solver_file);
end
