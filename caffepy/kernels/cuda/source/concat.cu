// Rows of a part at ``offset`` in the rows of the whole.
#include "common.cuh"

extern "C" __global__ void join(int count, const T* part, int part_row, T* whole, int whole_row,
                                int offset) {
    FOR_EACH(i, count) whole[(size_t)(i / part_row) * whole_row + offset + i % part_row] = part[i];
}

extern "C" __global__ void split(int count, T* part, int part_row, const T* whole, int whole_row,
                                 int offset) {
    FOR_EACH(i, count) part[i] = whole[(size_t)(i / part_row) * whole_row + offset + i % part_row];
}
