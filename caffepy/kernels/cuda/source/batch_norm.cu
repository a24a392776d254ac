// Batch normalization; the sums come from sums.cu.
#include "common.cuh"

// Mean, variance and 1 / sqrt(variance + eps) of each channel from the parts of the moments.
extern "C" __global__ void statistics(int dim, const T* x, int inner, const float* parts,
                                      int chunks, int m, float eps, float* mean, float* variance,
                                      float* rate) {
    FOR_EACH(d, dim) {
        double a = 0, b = 0;  // few terms, and their difference counts
        for (int chunk = 0; chunk < chunks; ++chunk) {
            a += parts[(size_t)chunk * 2 * dim + d];
            b += parts[((size_t)chunk * 2 + 1) * dim + d];
        }
        a /= m;
        float v = fmaxf(float(b / m - a * a), 0.0f);
        mean[d] = float(a) + float(x[(size_t)d * inner]);
        variance[d] = v;
        rate[d] = 1.0f / sqrtf(v + eps);
    }
}

// 1 / sqrt(variance + eps) where the statistics are given.
extern "C" __global__ void rates(int dim, const float* variance, float eps, float* rate) {
    FOR_EACH(d, dim) rate[d] = 1.0f / sqrtf(variance[d] + eps);
}

// ``kept`` (or null) gets a copy of y, for a backward whose y will be overwritten.
extern "C" __global__ void normalize(int count, const T* x, const float* mean, const float* rate,
                                     int dim, int inner, T* y, T* kept) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next())
            p.v[k] = (float(p.v[k]) - mean[c.d]) * rate[c.d];
        store(y, i, count, p);
        if (kept) store(kept, i, count, p);
    }
}

// The two sums over each channel, divided by how many numbers it has.
extern "C" __global__ void means(int dim, const float* parts, int chunks, int m, float* sums) {
    FOR_EACH(d, dim) {
        float a = 0, b = 0;
        for (int chunk = 0; chunk < chunks; ++chunk) {
            a += parts[(size_t)chunk * 2 * dim + d];
            b += parts[((size_t)chunk * 2 + 1) * dim + d];
        }
        sums[d] = a / m;
        sums[dim + d] = b / m;
    }
}

// dx = (dy - mean(dy) - n * mean(dy n)) * rate, n the normalized x: (x - mean) * rate, or x itself
// if mean is null.
extern "C" __global__ void backward(int count, const T* dy, const T* x, const float* mean,
                                    const float* rate, const float* sums, int dim, int inner,
                                    T* dx) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(x, i, count), q = load(dy, i, count);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next()) {
            float n = mean ? (float(p.v[k]) - mean[c.d]) * rate[c.d] : float(p.v[k]);
            q.v[k] = (float(q.v[k]) - sums[c.d] - n * sums[dim + c.d]) * rate[c.d];
        }
        store(dx, i, count, q);
    }
}

// dx = dy * rate: given statistics do not depend on x.
extern "C" __global__ void backward_given(int count, const T* dy, const float* rate, int dim,
                                          int inner, T* dx) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(dy, i, count);
        Channel c(i, dim, inner);
        for (int k = 0; k < PACK; ++k, c.next()) p.v[k] = float(p.v[k]) * rate[c.d];
        store(dx, i, count, p);
    }
}
