function found = children()
% CHILDREN  The numbers of this Octave's processes that run caffepy.
found = [];
for file = glob('/proc/[0-9]*/status')'
  try
    status = fileread(file{1});
    command = fileread(fullfile(fileparts(file{1}), 'cmdline'));
  catch
    continue  % it has ended meanwhile
  end
  parent = regexp(status, 'PPid:\s*(\d+)', 'tokens', 'once');
  if str2double(parent{1}) == getpid() && ! isempty(strfind(command, 'matlab'))
    found(end + 1) = str2double(regexp(file{1}, '\d+', 'match', 'once'));
  end
end
end
