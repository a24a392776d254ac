// The largest or the mean of each window, in either order of memory.
//
// Threads follow the output's memory (the input's in backward), so that reads and writes of
// neighbouring threads lie side by side. Backward gathers: each input cell looks at the windows
// that cover it, so nothing is added atomically and results do not depend on timing.
#include "common.cuh"

struct Windows {
    int channels, height, width;  // of the input
    int out_h, out_w;
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
};

struct Cell {
    int n, c, h, w;
};

template <bool LAST> __device__ Cell cell_at(int i, int channels, int height, int width) {
    Cell cell;
    if (LAST) {
        cell.c = i % channels;
        i /= channels;
    }
    cell.w = i % width;
    i /= width;
    cell.h = i % height;
    i /= height;
    if (!LAST) {
        cell.c = i % channels;
        i /= channels;
    }
    cell.n = i;
    return cell;
}

// Where the plane of a channel starts; its cells lie ``step`` apart.
template <bool LAST> __device__ int plane(Cell p, int channels, int area) {
    return LAST ? p.n * channels * area + p.c : (p.n * channels + p.c) * area;
}

// ``winner`` (or null) gets the index h * width + w of each maximum, -1 if every cell lost.
template <bool LAST> __device__ void max_windows(
    int count, const T* x, T* y, int* winner, const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.out_h, g.out_w);
        int top = p.h * g.stride_h - g.pad_h, left = p.w * g.stride_w - g.pad_w;
        int bottom = min(top + g.kernel_h, g.height), right = min(left + g.kernel_w, g.width);
        const T* image = x + plane<LAST>(p, g.channels, g.height * g.width);
        float best = LOWEST;
        int at = -1;
        for (int h = max(top, 0); h < bottom; ++h)
            for (int w = max(left, 0); w < right; ++w) {
                float v = image[(h * g.width + w) * step];
                if (v > best) {  // the first of equals; never true for not-a-number
                    best = v;
                    at = h * g.width + w;
                }
            }
        y[i] = best;
        if (winner) winner[i] = at;
    }
}

// The area is clipped at height + pad, not at height: Caffe's rule.
__device__ inline int clipped(int start, int kernel, int size, int pad) {
    return min(start + kernel, size + pad) - start;
}

template <bool LAST> __device__ void mean_windows(
    int count, const T* x, T* y, const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.out_h, g.out_w);
        int top = p.h * g.stride_h - g.pad_h, left = p.w * g.stride_w - g.pad_w;
        int bottom = min(top + g.kernel_h, g.height), right = min(left + g.kernel_w, g.width);
        const T* image = x + plane<LAST>(p, g.channels, g.height * g.width);
        float sum = 0;
        for (int h = max(top, 0); h < bottom; ++h)
            for (int w = max(left, 0); w < right; ++w) sum += float(image[(h * g.width + w) * step]);
        int area = clipped(top, g.kernel_h, g.height, g.pad_h) *
                   clipped(left, g.kernel_w, g.width, g.pad_w);
        y[i] = sum / area;
    }
}

// The windows that cover a coordinate: first to last, without the last.
__device__ inline int first_window(int at, int kernel, int stride, int pad) {
    return at + pad < kernel ? 0 : (at + pad - kernel) / stride + 1;
}

__device__ inline int last_window(int at, int stride, int pad, int out) {
    return min((at + pad) / stride + 1, out);
}

template <bool LAST, bool MAX> __device__ void gather(
    int count, const T* dy, const int* winner, T* dx, const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.height, g.width);
        int from_h = first_window(p.h, g.kernel_h, g.stride_h, g.pad_h);
        int from_w = first_window(p.w, g.kernel_w, g.stride_w, g.pad_w);
        int to_h = last_window(p.h, g.stride_h, g.pad_h, g.out_h);
        int to_w = last_window(p.w, g.stride_w, g.pad_w, g.out_w);
        int start = plane<LAST>(p, g.channels, g.out_h * g.out_w);
        float sum = 0;
        for (int h = from_h; h < to_h; ++h)
            for (int w = from_w; w < to_w; ++w) {
                int j = start + (h * g.out_w + w) * step;
                if (MAX) {
                    if (winner[j] == p.h * g.width + p.w) sum += float(dy[j]);
                } else {
                    int area = clipped(h * g.stride_h - g.pad_h, g.kernel_h, g.height, g.pad_h) *
                               clipped(w * g.stride_w - g.pad_w, g.kernel_w, g.width, g.pad_w);
                    sum += float(dy[j]) / area;
                }
            }
        dx[i] = sum;
    }
}

#define WINDOWS \
    int channels, int height, int width, int out_h, int out_w, int kernel_h, int kernel_w, \
    int stride_h, int stride_w, int pad_h, int pad_w
#define GIVEN \
    Windows{channels, height, width, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, \
            pad_h, pad_w}

extern "C" __global__ void max_forward(int count, const T* x, T* y, int* winner, int last,
                                       WINDOWS) {
    if (last) max_windows<true>(count, x, y, winner, GIVEN);
    else max_windows<false>(count, x, y, winner, GIVEN);
}

extern "C" __global__ void mean_forward(int count, const T* x, T* y, int last, WINDOWS) {
    if (last) mean_windows<true>(count, x, y, GIVEN);
    else mean_windows<false>(count, x, y, GIVEN);
}

extern "C" __global__ void max_backward(int count, const T* dy, const int* winner, T* dx, int last,
                                        WINDOWS) {
    if (last) gather<true, true>(count, dy, winner, dx, GIVEN);
    else gather<false, true>(count, dy, winner, dx, GIVEN);
}

extern "C" __global__ void mean_backward(int count, const T* dy, T* dx, int last, WINDOWS) {
    if (last) gather<true, false>(count, dy, nullptr, dx, GIVEN);
    else gather<false, false>(count, dy, nullptr, dx, GIVEN);
}

// The winners as numbers, for a second top.
extern "C" __global__ void positions(int count, const int* winner, T* mask) {
    FOR_EACH(i, count) mask[i] = float(winner[i]);
}
