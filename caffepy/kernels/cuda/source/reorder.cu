// Copies that change the order (C order to channels-last and back: one transpose of rows x columns
// for each image), the number format, or both.
#include "common.cuh"

constexpr int TILE = 32, ROWS = 8, PACK = 4;

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

// In packs, of which the last may be cut off. Arrays begin at multiples of a pack.
template <class From, class To> __device__ void copy(int packs, int count, const From* x, To* y,
                                                     int add) {
    FOR_EACH(i, packs) {
        if (i * PACK + PACK <= count) {
            Pack<From, PACK> from = ((const Pack<From, PACK>*)x)[i];
            Pack<To, PACK> to = {};
            if (add) to = ((Pack<To, PACK>*)y)[i];
            for (int k = 0; k < PACK; ++k) put(to.v[k], from.v[k], add);
            ((Pack<To, PACK>*)y)[i] = to;
        } else {
            for (int j = i * PACK; j < count; ++j) put(y[j], x[j], add);
        }
    }
}

extern "C" __global__ void narrow(int packs, int count, const float* x, T* y) {
    copy(packs, count, x, y, 0);
}

extern "C" __global__ void widen(int packs, int count, const T* x, float* y, int add) {
    copy(packs, count, x, y, add);
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
