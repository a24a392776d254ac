function path = folder()
% FOLDER  That of the package caffepy.matlab, which holds +caffe.
path = fileparts(fileparts(fileparts(mfilename('fullpath'))));
end
