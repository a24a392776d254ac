classdef Bridge < handle
% BRIDGE  MATLAB's way to Python: the interpreter that MATLAB itself runs.
%
% Frames go over as bytes, the one conversion that is needed.

  properties (Access = private)
    module
  end

  methods
    function self = Bridge()
      environment = pyenv();
      if strcmp(char(environment.Status), 'NotLoaded')
        pyenv('Version', caffe.session.python());
      end
      self.module = py.importlib.import_module('caffepy.matlab');
    end

    function is_there = alive(~)
      is_there = true;
    end

    function bytes = ask(self, pieces)
      % The bytes of the reply, without its length.
      for k = 1:numel(pieces)
        pieces{k} = typecast(reshape(pieces{k}, 1, []), 'uint8');
      end
      reply = uint8(self.module.answer(py.bytes([pieces{:}])));
      bytes = reply(9:end);
    end
  end
end
