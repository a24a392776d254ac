// Copies that change the order (C order to channels-last and back: one transpose of rows x columns
// for each image), the number format, or both.
#include "common.cuh"

constexpr int TILE = 32, ROWS = 8, RUN = 4;

__device__ inline void put(float& to, float v, int add) { to = add ? to + v : v; }
template <class Half> __device__ void put(Half& to, float v, int) { to = v; }  // never added to

// Blocks of TILE x ROWS threads; grid: tiles along columns, along rows, images. A tile goes through
// shared memory so that both the reads and the writes are of neighbouring addresses; the odd
// width of its rows keeps the threads of a warp out of one memory bank.
template <class From, class To> __device__ void transpose(int images, int rows, int columns,
                                                          const From* x, To* y, int add) {
    __shared__ float tile[TILE][TILE + 1];
    int row_tiles = (rows + TILE - 1) / TILE;
    for (int n = blockIdx.z; n < images; n += gridDim.z) {
        const From* from = x + (size_t)n * rows * columns;
        To* to = y + (size_t)n * rows * columns;
        for (int t = blockIdx.y; t < row_tiles; t += gridDim.y) {
            int column = blockIdx.x * TILE + threadIdx.x;
            int row = t * TILE + threadIdx.y;
            for (int i = 0; i < TILE; i += ROWS)
                if (column < columns && row + i < rows)
                    tile[threadIdx.y + i][threadIdx.x] = from[(size_t)(row + i) * columns + column];
            __syncthreads();
            column = t * TILE + threadIdx.x;  // of the transposed
            row = blockIdx.x * TILE + threadIdx.y;
            for (int i = 0; i < TILE; i += ROWS)
                if (column < rows && row + i < columns)
                    put(to[(size_t)(row + i) * rows + column], tile[threadIdx.x][threadIdx.y + i],
                        add);
            __syncthreads();  // before the next tile overwrites this one
        }
    }
}

// In runs of neighbours, of which the last may be cut off.
template <class From, class To> __device__ void copy(int runs, int count, const From* x, To* y,
                                                     int add) {
    FOR_EACH(i, runs) {
        if (i * RUN + RUN <= count) {
            Pack<From, RUN> from = ((const Pack<From, RUN>*)x)[i];
            Pack<To, RUN> to = {};
            if (add) to = ((Pack<To, RUN>*)y)[i];
            for (int k = 0; k < RUN; ++k) put(to.v[k], from.v[k], add);
            ((Pack<To, RUN>*)y)[i] = to;
        } else {
            for (int j = i * RUN; j < count; ++j) put(y[j], x[j], add);
        }
    }
}

extern "C" __global__ void narrow(int runs, int count, const float* x, T* y) {
    copy(runs, count, x, y, 0);
}

extern "C" __global__ void widen(int runs, int count, const T* x, float* y, int add) {
    copy(runs, count, x, y, add);
}

extern "C" __global__ void transpose_same(int images, int rows, int columns, const T* x, T* y) {
    transpose(images, rows, columns, x, y, 0);
}

extern "C" __global__ void transpose_narrow(int images, int rows, int columns, const float* x,
                                            T* y) {
    transpose(images, rows, columns, x, y, 0);
}

extern "C" __global__ void transpose_widen(int images, int rows, int columns, const T* x, float* y,
                                           int add) {
    transpose(images, rows, columns, x, y, add);
}
