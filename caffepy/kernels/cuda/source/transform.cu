// Pictures, as bytes, become the numbers that a net reads: cut out, mirrored, minus a mean, scaled.
#include "common.cuh"

// A block makes one row of a picture's result at a time, all channels of it. cuts has top, left and
// mirror for each picture. x_... and mean_... are how far it is from one number to the next along each
// axis; 0 where the mean has none. mean may be null. last: y is channels-last.
extern "C" __global__ void forward(
    int rows, const unsigned char* x, const int* cuts, const float* mean, T* y, int channels,
    int height, int width, int x_picture, int x_channel, int x_row, int x_column, int mean_channel,
    int mean_row, int mean_column, float scale, int last) {
    int length = channels * width;
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        int n = row / height, i = row % height;
        int top = cuts[3 * n], left = cuts[3 * n + 1], mirror = cuts[3 * n + 2];
        const unsigned char* from = x + n * x_picture + (top + i) * x_row;
        const float* minus = mean ? mean + (top + i) * mean_row : nullptr;
        for (int k = threadIdx.x; k < length; k += blockDim.x) {
            int c = last ? k % channels : k / width;
            int j = last ? k / channels : k % width;
            int column = left + (mirror ? width - 1 - j : j);
            float v = from[c * x_channel + column * x_column];
            if (minus) v -= minus[c * mean_channel + column * mean_column];
            y[last ? row * length + k : ((n * channels + c) * height + i) * width + j] = v * scale;
        }
    }
}
