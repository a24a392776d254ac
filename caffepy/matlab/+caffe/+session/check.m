function check(condition, message)
% CHECK  An error if the condition does not hold.
if ~condition
  error('caffe:ConfigError', '%s', message);
end
end
