// Sums over all but the middle axis of (outer, dim, inner): what batch normalization, scale and
// bias need. Each kernel makes two sums at once from one reading.
//
// One block cannot read a whole array fast enough, so each makes a part of the sum, and the kernel
// that uses the sums adds the parts: always in the same order, so that results repeat to the bit.
// ``parts`` is (chunks, 2, dim).
#include "common.cuh"

// First moments: x - x0 and its square, x0 being the first number of each sum. Sums of squares of
// x itself would drown a small variance in a large mean.
struct Moments {
    const T* x;
    const T* start;
    int inner;
    template <int V> __device__ void add(size_t at, int d, float* a, float* b) const {
        Pack<T, V> p = *(const Pack<T, V>*)(x + at);
        for (int k = 0; k < V; ++k) {
            float v = float(p.v[k]) - float(start[(size_t)(d + k) * inner]);
            a[k] += v;
            b[k] += v * v;
        }
    }
};

// dy, and dy times x normalized: (x - mean) * rate. Without a mean, dy times x.
struct Products {
    const T* dy;
    const T* x;
    const float* mean;
    const float* rate;
    template <int V> __device__ void add(size_t at, int d, float* a, float* b) const {
        Pack<T, V> gs = *(const Pack<T, V>*)(dy + at), xs = {};
        if (x) xs = *(const Pack<T, V>*)(x + at);
        for (int k = 0; k < V; ++k) {
            float g = gs.v[k], v = xs.v[k];
            a[k] += g;
            if (x) b[k] += g * (mean ? (v - mean[d + k]) * rate[d + k] : v);
        }
    }
};

constexpr int WIDTH = 32, ROWS = 8;
constexpr int COLUMNS = sizeof(T) == 2 ? 2 : 1;  // of a thread, where they divide the columns

// inner is 1: neighbouring threads take neighbouring columns, V each. Blocks of WIDTH x ROWS.
template <int V, class Terms> __device__ void add_some_columns(Terms terms, int outer, int dim,
                                                               float* parts) {
    __shared__ float a_rows[ROWS][WIDTH][V], b_rows[ROWS][WIDTH][V];
    int d = (blockIdx.x * WIDTH + threadIdx.x) * V;
    float a[V] = {}, b[V] = {};
    if (d < dim)
        for (int row = blockIdx.y * ROWS + threadIdx.y; row < outer; row += gridDim.y * ROWS)
            terms.template add<V>((size_t)row * dim + d, d, a, b);
    for (int k = 0; k < V; ++k) {
        a_rows[threadIdx.y][threadIdx.x][k] = a[k];
        b_rows[threadIdx.y][threadIdx.x][k] = b[k];
    }
    __syncthreads();
    if (threadIdx.y == 0 && d < dim) {
        for (int k = 0; k < V; ++k) {
            for (int row = 1; row < ROWS; ++row) {
                a[k] += a_rows[row][threadIdx.x][k];
                b[k] += b_rows[row][threadIdx.x][k];
            }
            parts[(size_t)blockIdx.y * 2 * dim + d + k] = a[k];
            parts[((size_t)blockIdx.y * 2 + 1) * dim + d + k] = b[k];
        }
    }
}

template <class Terms> __device__ void add_columns(Terms terms, int outer, int dim, float* parts) {
    if (dim % COLUMNS == 0)
        add_some_columns<COLUMNS>(terms, outer, dim, parts);
    else
        add_some_columns<1>(terms, outer, dim, parts);
}

// inner is long: a block takes a share of one sum, neighbouring threads neighbouring numbers.
template <class Terms> __device__ void add_planes(Terms terms, int outer, int dim, int inner,
                                                  float* parts) {
    int d = blockIdx.x;
    float a = 0, b = 0;
    for (int j = blockIdx.y * blockDim.x + threadIdx.x; j < outer * inner;
         j += gridDim.y * blockDim.x)
        terms.template add<1>(((size_t)(j / inner) * dim + d) * inner + j % inner, d, &a, &b);
    a = block_sum(a);
    b = block_sum(b);
    if (threadIdx.x == 0) {
        parts[(size_t)blockIdx.y * 2 * dim + d] = a;
        parts[((size_t)blockIdx.y * 2 + 1) * dim + d] = b;
    }
}

extern "C" __global__ void moments_columns(const T* x, int outer, int dim, float* parts) {
    add_columns(Moments{x, x, 1}, outer, dim, parts);
}

extern "C" __global__ void moments_planes(const T* x, int outer, int dim, int inner,
                                          float* parts) {
    add_planes(Moments{x, x, inner}, outer, dim, inner, parts);
}

extern "C" __global__ void products_columns(const T* dy, const T* x, const float* mean,
                                            const float* rate, int outer, int dim, float* parts) {
    add_columns(Products{dy, x, mean, rate}, outer, dim, parts);
}

extern "C" __global__ void products_planes(const T* dy, const T* x, const float* mean,
                                           const float* rate, int outer, int dim, int inner,
                                           float* parts) {
    add_planes(Products{dy, x, mean, rate}, outer, dim, inner, parts);
}

// The parts of the two sums together (null: not wanted), added to what is there if ``add``.
extern "C" __global__ void collect(int dim, const float* parts, int chunks, float* first,
                                   int add_first, float* second, int add_second) {
    FOR_EACH(d, dim) {
        float a = 0, b = 0;
        for (int chunk = 0; chunk < chunks; ++chunk) {
            a += parts[(size_t)chunk * 2 * dim + d];
            b += parts[((size_t)chunk * 2 + 1) * dim + d];
        }
        if (first) first[d] = add_first ? first[d] + a : a;
        if (second) second[d] = add_second ? second[d] + b : b;
    }
}
