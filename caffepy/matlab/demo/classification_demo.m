function [scores, maxlabel] = classification_demo(im, use_gpu, model_dir, mean_file)
% CLASSIFICATION_DEMO  What a picture shows, by CaffeNet, as the mean over ten crops.
%
%   im = imread('cat.jpg');
%   scores = classification_demo(im);         % on the CPU
%   scores = classification_demo(im, true);   % on a GPU
%   [scores, maxlabel] = classification_demo(im, false, model_dir, mean_file);
%
% im          H x W x 3, RGB, uint8, as imread gives it
% model_dir   a folder with deploy.prototxt and one .caffemodel; by default
%             models/bvlc_reference_caffenet below the current folder
% mean_file   its mean picture, a .binaryproto; by default data/ilsvrc12/imagenet_mean.binaryproto
% scores      one for each class
% maxlabel    the class with the highest, counted from 1

if nargin < 2, use_gpu = false; end
if nargin < 3, model_dir = fullfile('models', 'bvlc_reference_caffenet'); end
if nargin < 4, mean_file = fullfile('data', 'ilsvrc12', 'imagenet_mean.binaryproto'); end

if use_gpu
  caffe.set_mode_gpu();
  caffe.set_device(0);
else
  caffe.set_mode_cpu();
end

weights = dir(fullfile(model_dir, '*.caffemodel'));
if isempty(weights)
  error('caffe:NotFound', '%s: there is no .caffemodel here. Download the weights first.', ...
    model_dir);
end
net = caffe.Net(fullfile(model_dir, 'deploy.prototxt'), fullfile(model_dir, weights(1).name), ...
  'test');

shape = net.blobs('data').shape;  % width x height x 3 x 10
crops = ten_crops(im, caffe.io.read_mean(mean_file), shape(1:2));
net.blobs('data').reshape([shape(1:3), 10]);
scores = net.forward({crops});
scores = mean(scores{1}, 2);  % classes x 10 before
[~, maxlabel] = max(scores);
end

function crops = ten_crops(im, mean_data, crop)
% Corners and middle, and their mirror images: width x height x 3 x 10, BGR, less the mean.
picture = single(permute(im(:, :, [3, 2, 1]), [2, 1, 3]));  % width first, and BGR, as Caffe wants
size_ = size(mean_data);
picture = caffe.io.resize_image(picture, size_(1:2)) - mean_data;
crops = zeros([crop, 3, 10], 'single');
room = size_(1:2) - crop;
corners = [0, 0; 0, room(2); room(1), 0; room; floor(room / 2)];
for k = 1:5
  part = picture(corners(k, 1) + (1:crop(1)), corners(k, 2) + (1:crop(2)), :);
  crops(:, :, :, k) = part;
  crops(:, :, :, k + 5) = part(end:-1:1, :, :);
end
end
