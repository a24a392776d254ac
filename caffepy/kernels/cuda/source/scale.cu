// y = x * s + b, s and b spread over the axes around ``dim``; the sums come from sums.cu.
#include "common.cuh"

// ``kept`` (or null) gets a copy of x, for a backward whose x will have been overwritten by y.
extern "C" __global__ void forward(int count, const T* x, const float* s, const float* b, int dim,
                                   int inner, T* y, T* kept) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count);
        if (kept) store(kept, i, count, p);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next())
            p.v[k] = float(p.v[k]) * s[c.d] + (b ? b[c.d] : 0.0f);
        store(y, i, count, p);
    }
}

// y += b
extern "C" __global__ void shift(int count, T* y, const float* b, int dim, int inner) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(y, i, count);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next()) p.v[k] = float(p.v[k]) + b[c.d];
        store(y, i, count, p);
    }
}

extern "C" __global__ void backward(int count, const T* dy, const float* s, int dim, int inner,
                                    T* dx) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(dy, i, count);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next()) p.v[k] = float(p.v[k]) * s[c.d];
        store(dx, i, count, p);
    }
}
