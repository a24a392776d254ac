classdef Pipes < handle
% PIPES  Octave's way to Python: a process of its own, which ends with this object.
%
% Octave reads from a pipe without waiting, so whoever waits here looks again and again: at first
% at once, then after pauses that grow with the time passed. Ctrl-C ends the waiting and the
% request; its reply, or what is left of it, is thrown away before the next.

  properties (Hidden)  % not private: at `clear all` Octave's delete sees nothing private
    python
    input
    output
    process
    state = 'ready'   % else sending, waiting, or over
    answered = false  % whether it ever has
    patient = false   % whether somebody waits for more than a moment
  end

  methods
    function self = Pipes()
      self.python = caffe.session.python();
      [self.input, self.output, self.process] = popen2(self.python, {caffe.session.folder()});
    end

    function delete(self)
      % End the process: its input ends.
      if ~strcmp(self.state, 'over')
        self.state = 'over';
        fclose(self.input);
        fclose(self.output);
        waitpid(self.process);
      end
    end

    function is_there = alive(self)
      is_there = ~strcmp(self.state, 'over');
    end

    function bytes = ask(self, pieces)
      % The bytes of the reply, without its length.
      if strcmp(self.state, 'sending')
        self.delete();
        error('caffe:Interrupted', ['a request was interrupted while it was sent, and so the ' ...
          'Python process was ended: all nets and solvers are gone. Make them again.']);
      elseif strcmp(self.state, 'waiting')
        self.find_the_end();
      end
      self.send(pieces);
      count = typecast(self.read(8), 'uint64');
      bytes = self.read(double(count));
      self.state = 'ready';
      self.answered = true;
    end
  end

  methods (Access = private)
    function send(self, pieces)
      self.state = 'sending';
      for k = 1:numel(pieces)
        fwrite(self.input, pieces{k}, class(pieces{k}));
      end
      fflush(self.input);
      self.state = 'waiting';
    end

    function bytes = read(self, count)
      % As many bytes as that.
      bytes = zeros(count, 1, 'uint8');
      got = 0;
      while got < count
        part = self.next(count - got);
        bytes(got + 1:got + numel(part)) = part;
        got = got + numel(part);
      end
    end

    function part = next(self, most)
      % Some bytes, when there are any.
      part = fread(self.output, most, '*uint8');
      if ~isempty(part)
        return
      end
      since = tic();
      guard = [];
      while isempty(part)
        fclear(self.output);  % what has been read to its end may grow
        passed = toc(since);
        if passed > 0.002
          if isempty(guard)
            self.patient = true;
            guard = onCleanup(@() self.lose_patience());
          end
          pause(min(0.05, passed / 20));
        end
        [ended, status] = waitpid(self.process, WNOHANG());
        part = fread(self.output, most, '*uint8');
        if ended ~= 0 && isempty(part)
          self.patient = false;
          self.has_ended(status);
        end
      end
      self.patient = false;
    end

    function lose_patience(self)
      % Let Python end its work too, if this is Ctrl-C: a terminal tells it as well, others do not.
      if self.patient
        self.patient = false;
        kill(self.process, SIG().INT);
      end
    end

    function find_the_end(self)
      % Throw away the reply to a request that was interrupted.
      text = sprintf('end %d %.17g', self.process, rand());
      self.send(caffe.session.pack({pwd(), 'echo', text}));
      expected = caffe.session.pack({'', text});
      expected = [expected{:}]';
      seen = zeros(0, 1, 'uint8');
      while ~isequal(seen, expected)
        seen = [seen; self.next(65536)];
        seen = seen(max(1, end - numel(expected) + 1):end);
      end
      self.state = 'ready';
    end

    function has_ended(self, status)
      answered = self.answered;
      self.delete();
      if ~answered
        error('caffe:Ended', ['%s does not start caffepy; what it says stands above. Name a ' ...
          'Python that has caffepy: setenv(''CAFFEPY_PYTHON'', ''...'').'], self.python);
      elseif WIFSIGNALED(status)
        how = sprintf('killed by signal %d', WTERMSIG(status));
      else
        how = sprintf('exit code %d', WEXITSTATUS(status));
      end
      error('caffe:Ended', ['the Python process has ended (%s). All nets and solvers are gone; ' ...
        'the next call starts another.'], how);
    end
  end
end
