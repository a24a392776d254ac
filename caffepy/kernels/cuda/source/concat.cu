// Rows of a part at ``offset`` in the rows of the whole.
#include "common.cuh"

template <class N> __device__ void to_whole(int count, const N* part, int part_row, N* whole,
                                            int whole_row, int offset) {
    FOR_EACH(i, count) whole[(size_t)(i / part_row) * whole_row + offset + i % part_row] = part[i];
}

template <class N> __device__ void to_part(int count, N* part, int part_row, const N* whole,
                                           int whole_row, int offset) {
    FOR_EACH(i, count) part[i] = whole[(size_t)(i / part_row) * whole_row + offset + i % part_row];
}

extern "C" __global__ void join(int count, const T* part, int part_row, T* whole, int whole_row,
                                int offset) {
    to_whole(count, part, part_row, whole, whole_row, offset);
}

extern "C" __global__ void split(int count, T* part, int part_row, const T* whole, int whole_row,
                                 int offset) {
    to_part(count, part, part_row, whole, whole_row, offset);
}

// The same where rows and offsets are whole packs, which they count.
extern "C" __global__ void join_packs(int count, const T* part, int part_row, T* whole,
                                      int whole_row, int offset) {
    to_whole(count, (const Numbers*)part, part_row, (Numbers*)whole, whole_row, offset);
}

extern "C" __global__ void split_packs(int count, T* part, int part_row, const T* whole,
                                       int whole_row, int offset) {
    to_part(count, (Numbers*)part, part_row, (const Numbers*)whole, whole_row, offset);
}
