// y = x for x > 0, else slope * x.
#include "common.cuh"

extern "C" __global__ void forward(int count, const T* x, T* y, float slope) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count);
        for (int k = 0; k < PACK; ++k) {
            float v = p.v[k];
            // not slope * v alone: 0 * -infinity is not a number; and not-a-number passes through
            p.v[k] = v > 0 || v != v ? v : slope != 0 ? slope * v : 0.0f;
        }
        store(y, i, count, p);
    }
}

extern "C" __global__ void backward(int count, const T* x, const T* dy, T* dx, float slope) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count), d = load(dy, i, count);
        for (int k = 0; k < PACK; ++k) d.v[k] = float(d.v[k]) * (float(p.v[k]) > 0 ? 1.0f : slope);
        store(dx, i, count, d);
    }
}
