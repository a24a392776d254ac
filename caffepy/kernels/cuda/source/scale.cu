// y = x * s + b, s and b spread over the axes around ``dim``; the sums come from sums.cu.
#include "common.cuh"

// ``kept`` (or null) gets a copy of x, for a backward whose x will have been overwritten by y.
extern "C" __global__ void forward(int count, const T* x, const float* s, const float* b, int dim,
                                   int inner, T* y, T* kept) {
    FOR_EACH(i, count) {
        int d = i / inner % dim;
        T v = x[i];
        if (kept) kept[i] = v;
        y[i] = float(v) * s[d] + (b ? b[d] : 0.0f);
    }
}

extern "C" __global__ void backward(int count, const T* dy, const float* s, int dim, int inner,
                                    T* dx) {
    FOR_EACH(i, count) dx[i] = float(dy[i]) * s[i / inner % dim];
}
