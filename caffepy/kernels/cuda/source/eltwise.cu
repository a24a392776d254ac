// Several arrays element by element, two at a time: most nets join two.
#include "common.cuh"

// y = a x + b z
extern "C" __global__ void sum(int count, const T* x, float a, const T* z, float b, T* y) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count), q = load(z, i, count);
        for (int k = 0; k < PACK; ++k) p.v[k] = a * float(p.v[k]) + b * float(q.v[k]);
        store(y, i, count, p);
    }
}

extern "C" __global__ void product(int count, const T* x, const T* z, T* y) {
    FOR_EACH(i, count) y[i] = float(x[i]) * float(z[i]);
}

extern "C" __global__ void scaled(int count, const T* x, float a, T* y) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count);
        for (int k = 0; k < PACK; ++k) p.v[k] = a * float(p.v[k]);
        store(y, i, count, p);
    }
}

// The larger of the first two. Of equals the second wins, as in the original; so it does where
// one of them is not a number.
extern "C" __global__ void maximum(int count, const T* x, const T* z, T* y,
                                   unsigned char* winner) {
    FOR_EACH(i, count) {
        bool first = float(x[i]) > float(z[i]);
        y[i] = first ? x[i] : z[i];
        winner[i] = !first;
    }
}

// Another one against the winner so far, which keeps its place against equals.
extern "C" __global__ void larger(int count, const T* x, T* y, unsigned char* winner, int index) {
    FOR_EACH(i, count) {
        if (float(x[i]) > float(y[i])) {
            y[i] = x[i];
            winner[i] = index;
        }
    }
}

extern "C" __global__ void where_won(int count, const T* dy, const unsigned char* winner,
                                     int index, T* dx) {
    FOR_EACH(i, count) dx[i] = winner[i] == index ? float(dy[i]) : 0.0f;
}
