function program = python()
% PYTHON  The interpreter to run: what CAFFEPY_PYTHON names, else the one that this folder was
% installed for, else python3.

program = getenv('CAFFEPY_PYTHON');
if ~isempty(program)
  return
end
folder = caffe.session.folder();
installed = regexp(folder, ['^(.*)[/\\](?:lib|Lib)(?:[/\\](python[\d.]+))?' ...
  '[/\\](?:site|dist)-packages[/\\]caffepy[/\\]matlab$'], 'tokens', 'once');
if ~isempty(installed)
  root = installed{1};
  places = {fullfile(root, 'bin', installed{end}), fullfile(root, 'bin', 'python3'), ...
    fullfile(root, 'python.exe'), fullfile(root, 'Scripts', 'python.exe')};
else  % a checkout, with the environment that scripts/setup.sh makes
  root = fullfile(fileparts(fileparts(folder)), '.venv');
  places = {fullfile(root, 'bin', 'python'), fullfile(root, 'Scripts', 'python.exe')};
end
for place = places
  if exist(place{1}, 'file') == 2
    program = place{1};
    return
  end
end
program = 'python3';
end
