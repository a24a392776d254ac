// Softmax along the middle axis of (outer, classes, inner).
#include "common.cuh"

// inner is 1: a block makes a row. Each thread meets its own numbers only, so y may be x.
extern "C" __global__ void forward_rows(int outer, int classes, const T* x, T* y) {
    for (int row = blockIdx.x; row < outer; row += gridDim.x) {
        const T* from = x + (size_t)row * classes;
        T* to = y + (size_t)row * classes;
        float most = LOWEST, sum = 0;
        for (int c = threadIdx.x; c < classes; c += blockDim.x) most = fmaxf(most, float(from[c]));
        most = block_max(most);
        for (int c = threadIdx.x; c < classes; c += blockDim.x) sum += expf(float(from[c]) - most);
        float rate = 1.0f / block_sum(sum);
        for (int c = threadIdx.x; c < classes; c += blockDim.x)
            to[c] = expf(float(from[c]) - most) * rate;
    }
}

// inner is long: a thread makes a column, neighbouring threads neighbouring columns.
extern "C" __global__ void forward_columns(int columns, int classes, int inner, const T* x, T* y) {
    FOR_EACH(i, columns) {
        size_t start = (size_t)(i / inner) * classes * inner + i % inner;
        float most = LOWEST, sum = 0;
        for (int c = 0; c < classes; ++c)
            most = fmaxf(most, float(x[start + (size_t)c * inner]));
        for (int c = 0; c < classes; ++c)
            sum += expf(float(x[start + (size_t)c * inner]) - most);
        float rate = 1.0f / sum;
        for (int c = 0; c < classes; ++c) {
            size_t at = start + (size_t)c * inner;
            y[at] = expf(float(x[at]) - most) * rate;
        }
    }
}

// dx = y * (dy - sum(dy * y)); dx may be dy.
extern "C" __global__ void backward_rows(int outer, int classes, const T* y, const T* dy, T* dx) {
    for (int row = blockIdx.x; row < outer; row += gridDim.x) {
        size_t start = (size_t)row * classes;
        float dot = 0;
        for (int c = threadIdx.x; c < classes; c += blockDim.x)
            dot += float(y[start + c]) * float(dy[start + c]);
        dot = block_sum(dot);
        for (int c = threadIdx.x; c < classes; c += blockDim.x)
            dx[start + c] = float(y[start + c]) * (float(dy[start + c]) - dot);
    }
}

extern "C" __global__ void backward_columns(int columns, int classes, int inner, const T* y,
                                            const T* dy, T* dx) {
    FOR_EACH(i, columns) {
        size_t start = (size_t)(i / inner) * classes * inner + i % inner;
        float dot = 0;
        for (int c = 0; c < classes; ++c) {
            size_t at = start + (size_t)c * inner;
            dot += float(y[at]) * float(dy[at]);
        }
        for (int c = 0; c < classes; ++c) {
            size_t at = start + (size_t)c * inner;
            dx[at] = float(y[at]) * (float(dy[at]) - dot);
        }
    }
}
