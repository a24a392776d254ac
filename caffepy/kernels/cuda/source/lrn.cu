// Local response normalization: y = x s^-beta, s = k + rate * (sum of x^2 over the window).
//
// A thread makes one number and reads its whole window: neighbouring threads read nearly the same
// numbers, which the caches then have. s is kept for backward, which needs it of all neighbours.
//
// The quick power and division of the hardware are off by a few units in the last place (s is
// positive and not near 0), and without them this would be bound by arithmetic, not by memory.
#include "common.cuh"

// The numbers in the window of number i: i + (first_row + r) * row_step
//                                          + (first_cell + c) * cell_step.
struct Window {
    int rows, first_row, row_step;
    int cells, first_cell, cell_step;
};

// Along an axis, the neighbours that are inside it.
__device__ inline void along(int at, int length, int half, int& first, int& cells) {
    int low = max(at - half, 0);
    first = low - at;
    cells = min(at + half, length - 1) - low + 1;
}

// Across channels the window is a line; within one it is a square.
__device__ inline Window window_at(int i, int last, int across, int channels, int height,
                                   int width, int half) {
    int area = height * width;
    int pixel = last ? i / channels : i;  // of all images in channels-last order
    Window v;
    if (across) {
        int c = last ? i % channels : i / area % channels;
        v.rows = 1;
        v.row_step = v.first_row = 0;
        v.cell_step = last ? 1 : area;
        along(c, channels, half, v.first_cell, v.cells);
    } else {
        int pixel_step = last ? channels : 1;
        v.row_step = width * pixel_step;
        v.cell_step = pixel_step;
        along(pixel / width % height, height, half, v.first_row, v.rows);
        along(pixel % width, width, half, v.first_cell, v.cells);
    }
    return v;
}

extern "C" __global__ void forward(int count, const T* x, T* y, float* scale, int last, int across,
                                   int channels, int height, int width, int half, float k,
                                   float rate, float beta) {
    FOR_EACH(i, count) {
        Window v = window_at(i, last, across, channels, height, width, half);
        float sum = 0;
        for (int r = 0; r < v.rows; ++r)
            for (int c = 0; c < v.cells; ++c) {
                int offset = (v.first_row + r) * v.row_step + (v.first_cell + c) * v.cell_step;
                float near = x[i + offset];
                sum += near * near;
            }
        float s = k + rate * sum;
        y[i] = float(x[i]) * __powf(s, -beta);
        if (scale) scale[i] = s;
    }
}

// dx = dy s^-beta - 2 rate beta x * (sum of dy y / s over the window)
extern "C" __global__ void backward(int count, const T* x, const T* y, const T* dy,
                                    const float* scale, T* dx, int last, int across, int channels,
                                    int height, int width, int half, float rate, float beta) {
    FOR_EACH(i, count) {
        Window v = window_at(i, last, across, channels, height, width, half);
        float sum = 0;
        for (int r = 0; r < v.rows; ++r)
            for (int c = 0; c < v.cells; ++c) {
                int j = i + (v.first_row + r) * v.row_step + (v.first_cell + c) * v.cell_step;
                sum += __fdividef(float(dy[j]) * float(y[j]), scale[j]);
            }
        dx[i] = float(dy[i]) * __powf(scale[i], -beta) - 2 * rate * beta * float(x[i]) * sum;
    }
}
