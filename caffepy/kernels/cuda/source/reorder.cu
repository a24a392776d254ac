// C order to channels-last and back: one transpose of rows x columns for each image.
#include "common.cuh"

constexpr int TILE = 32, ROWS = 8;

// Blocks of TILE x ROWS threads; grid: tiles along columns, along rows, images. A tile goes through
// shared memory so that both the reads and the writes are of neighbouring addresses; the odd
// width of its rows keeps the threads of a warp out of one memory bank.
extern "C" __global__ void transpose(int images, int rows, int columns, const float* x, float* y) {
    __shared__ float tile[TILE][TILE + 1];
    int row_tiles = (rows + TILE - 1) / TILE;
    for (int n = blockIdx.z; n < images; n += gridDim.z) {
        const float* from = x + (size_t)n * rows * columns;
        float* to = y + (size_t)n * rows * columns;
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
                    to[(size_t)(row + i) * rows + column] = tile[threadIdx.x][threadIdx.y + i];
            __syncthreads();  // before the next tile overwrites this one
        }
    }
}
