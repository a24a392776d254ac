function link = connect()
% CONNECT  The way to Python: its own bridge in MATLAB, a process and two pipes in Octave.
if exist('OCTAVE_VERSION', 'builtin')
  link = caffe.session.Pipes();
else
  link = caffe.session.Bridge();
end
end
