// The largest or the mean of each window, in either order of memory.
//
// Threads follow the output's memory (the input's in backward), so that reads and writes of
// neighbouring threads lie side by side. Finding out where a number lies costs a few divisions, as
// much as the rest; so channels-last a thread takes four channels at once, where four divides them.
// Backward gathers: each input cell looks at the windows that cover it, so nothing is added
// atomically and results do not depend on timing.
#include "common.cuh"

struct Windows {
    int channels, height, width;  // of the input; channels in packs
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
template <bool LAST, int V> __device__ void max_windows(
    int count, const Pack<T, V>* x, Pack<T, V>* y, Pack<int, V>* winner, const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.out_h, g.out_w);
        int top = p.h * g.stride_h - g.pad_h, left = p.w * g.stride_w - g.pad_w;
        int bottom = min(top + g.kernel_h, g.height), right = min(left + g.kernel_w, g.width);
        const Pack<T, V>* image = x + plane<LAST>(p, g.channels, g.height * g.width);
        float best[V];
        Pack<int, V> at;
        for (int k = 0; k < V; ++k) {
            best[k] = LOWEST;
            at.v[k] = -1;
        }
        for (int h = max(top, 0); h < bottom; ++h)
            for (int w = max(left, 0); w < right; ++w) {
                int j = h * g.width + w;
                Pack<T, V> cell = image[j * step];
                for (int k = 0; k < V; ++k)
                    if (float(cell.v[k]) > best[k]) {  // the first of equals; never not-a-number
                        best[k] = cell.v[k];
                        at.v[k] = j;
                    }
            }
        for (int k = 0; k < V; ++k) y[i].v[k] = best[k];
        if (winner) winner[i] = at;
    }
}

// The area is clipped at height + pad, not at height: Caffe's rule.
__device__ inline int clipped(int start, int kernel, int size, int pad) {
    return min(start + kernel, size + pad) - start;
}

template <bool LAST, int V> __device__ void mean_windows(
    int count, const Pack<T, V>* x, Pack<T, V>* y, const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.out_h, g.out_w);
        int top = p.h * g.stride_h - g.pad_h, left = p.w * g.stride_w - g.pad_w;
        int bottom = min(top + g.kernel_h, g.height), right = min(left + g.kernel_w, g.width);
        const Pack<T, V>* image = x + plane<LAST>(p, g.channels, g.height * g.width);
        float sum[V] = {};
        for (int h = max(top, 0); h < bottom; ++h)
            for (int w = max(left, 0); w < right; ++w) {
                Pack<T, V> cell = image[(h * g.width + w) * step];
                for (int k = 0; k < V; ++k) sum[k] += float(cell.v[k]);
            }
        int area = clipped(top, g.kernel_h, g.height, g.pad_h) *
                   clipped(left, g.kernel_w, g.width, g.pad_w);
        for (int k = 0; k < V; ++k) y[i].v[k] = sum[k] / area;
    }
}

// The windows that cover a coordinate: first to last, without the last.
__device__ inline int first_window(int at, int kernel, int stride, int pad) {
    return at + pad < kernel ? 0 : (at + pad - kernel) / stride + 1;
}

__device__ inline int last_window(int at, int stride, int pad, int out) {
    return min((at + pad) / stride + 1, out);
}

// Without winners: the mean's gradient.
template <bool LAST, int V> __device__ void gather(
    int count, const Pack<T, V>* dy, const Pack<int, V>* winner, Pack<T, V>* dx,
    const Windows& g) {
    int step = LAST ? g.channels : 1;
    FOR_EACH(i, count) {
        Cell p = cell_at<LAST>(i, g.channels, g.height, g.width);
        int from_h = first_window(p.h, g.kernel_h, g.stride_h, g.pad_h);
        int from_w = first_window(p.w, g.kernel_w, g.stride_w, g.pad_w);
        int to_h = last_window(p.h, g.stride_h, g.pad_h, g.out_h);
        int to_w = last_window(p.w, g.stride_w, g.pad_w, g.out_w);
        int start = plane<LAST>(p, g.channels, g.out_h * g.out_w);
        int self = p.h * g.width + p.w;
        float sum[V] = {};
        for (int h = from_h; h < to_h; ++h)
            for (int w = from_w; w < to_w; ++w) {
                int j = start + (h * g.out_w + w) * step;
                Pack<T, V> window = dy[j];
                if (winner) {
                    Pack<int, V> won = winner[j];
                    for (int k = 0; k < V; ++k)
                        if (won.v[k] == self) sum[k] += float(window.v[k]);
                } else {
                    int area = clipped(h * g.stride_h - g.pad_h, g.kernel_h, g.height, g.pad_h) *
                               clipped(w * g.stride_w - g.pad_w, g.kernel_w, g.width, g.pad_w);
                    for (int k = 0; k < V; ++k) sum[k] += float(window.v[k]) / area;
                }
            }
        for (int k = 0; k < V; ++k) dx[i].v[k] = sum[k];
    }
}

#define WINDOWS \
    int channels, int height, int width, int out_h, int out_w, int kernel_h, int kernel_w, \
    int stride_h, int stride_w, int pad_h, int pad_w
#define GIVEN \
    Windows{channels, height, width, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, \
            pad_h, pad_w}

// ``layout``: 0 is C order, 1 channels-last, 4 the same in packs of four. ``count`` and
// ``channels`` are in packs.
extern "C" __global__ void max_forward(int count, const T* x, T* y, int* winner, int layout,
                                       WINDOWS) {
    if (layout == 4)
        max_windows<true>(count, (const Pack<T, 4>*)x, (Pack<T, 4>*)y, (Pack<int, 4>*)winner,
                          GIVEN);
    else if (layout == 1)
        max_windows<true>(count, (const Pack<T, 1>*)x, (Pack<T, 1>*)y, (Pack<int, 1>*)winner,
                          GIVEN);
    else
        max_windows<false>(count, (const Pack<T, 1>*)x, (Pack<T, 1>*)y, (Pack<int, 1>*)winner,
                           GIVEN);
}

extern "C" __global__ void mean_forward(int count, const T* x, T* y, int layout, WINDOWS) {
    if (layout == 4)
        mean_windows<true>(count, (const Pack<T, 4>*)x, (Pack<T, 4>*)y, GIVEN);
    else if (layout == 1)
        mean_windows<true>(count, (const Pack<T, 1>*)x, (Pack<T, 1>*)y, GIVEN);
    else
        mean_windows<false>(count, (const Pack<T, 1>*)x, (Pack<T, 1>*)y, GIVEN);
}

// ``winner`` is null for means.
extern "C" __global__ void backward(int count, const T* dy, const int* winner, T* dx, int layout,
                                    WINDOWS) {
    if (layout == 4)
        gather<true>(count, (const Pack<T, 4>*)dy, (const Pack<int, 4>*)winner, (Pack<T, 4>*)dx,
                     GIVEN);
    else if (layout == 1)
        gather<true>(count, (const Pack<T, 1>*)dy, (const Pack<int, 1>*)winner, (Pack<T, 1>*)dx,
                     GIVEN);
    else
        gather<false>(count, (const Pack<T, 1>*)dy, (const Pack<int, 1>*)winner, (Pack<T, 1>*)dx,
                      GIVEN);
}

// The winners as numbers, for a second top.
extern "C" __global__ void positions(int count, const int* winner, float* mask) {
    FOR_EACH(i, count) mask[i] = float(winner[i]);
}
