classdef Solver < handle
% caffe.Solver  Trains a net.
%
%   solver = caffe.Solver('solver.prototxt');
%   solver.step(100);
%   loss = solver.net.blobs('loss').get_data();
%   solver.solve();

  properties (SetAccess = private, Hidden)  % at `clear all` Octave's delete sees nothing private
    hSolver_self
  end

  properties (SetAccess = private)
    net        % the net in training, caffe.Net
    test_nets  % the nets for tests, caffe.Net
  end

  methods
    function self = Solver(varargin)
      caffe.session.check(nargin == 1, 'usage: caffe.Solver(solver_file)');
      if isstruct(varargin{1})
        self.hSolver_self = varargin{1};
        caffe.session.check(caffe.session.is_handle(self.hSolver_self), ...
          'this is no handle of a solver');
      else
        self.hSolver_self = caffe_('get_solver', varargin{1});
      end
      attributes = caffe_('solver_get_attr', self.hSolver_self);
      self.net = caffe.Net(attributes.hNet_net);
      self.test_nets = caffe.session.objects(@caffe.Net, attributes.hNet_test_nets);
    end

    function delete(self)
      caffe.session.give_back('delete_solver', self.hSolver_self);
    end

    function iter = iter(self)
      % Iterations done.
      iter = caffe_('solver_get_iter', self.hSolver_self);
    end

    function max_iter = max_iter(self)
      % The iterations that solve() ends with.
      max_iter = caffe_('solver_get_max_iter', self.hSolver_self);
    end

    function restore(self, snapshot_filename)
      % Go on from a .solverstate.
      caffe_('solver_restore', self.hSolver_self, snapshot_filename);
    end

    function solve(self)
      % Train until max_iter.
      caffe_('solver_solve', self.hSolver_self);
    end

    function step(self, iters)
      % Train for so many iterations.
      caffe_('solver_step', self.hSolver_self, double(iters));
    end
  end
end
