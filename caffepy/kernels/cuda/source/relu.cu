// y = x for x > 0, else slope * x.
#include "common.cuh"

extern "C" __global__ void forward(int count, const T* x, T* y, float slope) {
    FOR_EACH(i, count) {
        float v = x[i];
        // not slope * v alone: 0 * -infinity is not a number; and not-a-number passes through
        y[i] = v > 0 || v != v ? v : slope != 0 ? slope * v : 0.0f;
    }
}

extern "C" __global__ void backward(int count, const T* x, const T* dy, T* dx, float slope) {
    FOR_EACH(i, count) dx[i] = float(dy[i]) * (float(x[i]) > 0 ? 1.0f : slope);
}
