function varargout = caffe_(verb, varargin)
% CAFFE_  Ask caffepy for one thing: what all of +caffe is made of.
%
%   net = caffe_('get_net', 'deploy.prototxt', 'test');
%   caffe_('net_forward', net);
%
% Nets, solvers, layers and blobs are structs with the fields ptr and init_key. An error of
% Python's is an error here, with the identifier caffe:Kind, and changes nothing else.
%
% In Octave the first call starts Python, and reset, or `clear all`, ends it.

persistent link modes
if isempty(modes)
  modes = struct();
end
if isempty(link) || ~link.alive()
  if any(strcmp(verb, {'delete_net', 'delete_solver', 'reset'}))
    return  % there is nothing
  end
  link = caffe.session.connect();
  for name = fieldnames(modes)'  % a process of before computed so
    checked(link.ask(caffe.session.pack([{pwd()}, modes.(name{1})])));
  end
end

reply = checked(link.ask(caffe.session.pack([{pwd(), verb}, varargin])));
varargout = reply(2:end);

switch verb
  case 'set_device'
    modes.device = [{verb}, varargin];
  case {'set_mode_cpu', 'set_mode_gpu'}
    modes.mode = {verb};
  case 'reset'
    link = [];
end
end

function reply = checked(bytes)
reply = caffe.session.unpack(bytes);
if ~isempty(reply{1})
  error(reply{1}, '%s', reply{2});
end
end
