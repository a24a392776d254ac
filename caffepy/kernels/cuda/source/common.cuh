// What all kernels share. Pasted into each file by device.py.

// The type that activations are stored in; sums and formulas are always computed in float.
#ifndef STORED
#define STORED float
#endif
typedef STORED T;

// Each thread takes every so-many-th item, so any grid will do, and neighbouring threads touch
// neighbouring items, which is what the memory wants.
#define FOR_EACH(i, count) \
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += gridDim.x * blockDim.x)

constexpr float LOWEST = -3.402823466e+38f;  // -FLT_MAX: where a search for a maximum starts

// Sums and maxima over the 32 threads of a warp. All of them must call; all get the result.
__device__ inline float warp_sum(float v) {
    for (int mask = 16; mask > 0; mask /= 2) v += __shfl_xor_sync(0xffffffffu, v, mask);
    return v;
}

__device__ inline float warp_max(float v) {
    for (int mask = 16; mask > 0; mask /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, mask));
    return v;
}

// The same over a block of whole warps. The first barrier lets a kernel call them in a row.
__device__ inline float block_sum(float v) {
    __shared__ float parts[32];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    v = warp_sum(v);
    __syncthreads();
    if (lane == 0) parts[warp] = v;
    __syncthreads();
    return warp_sum(lane < int(blockDim.x / 32) ? parts[lane] : 0.0f);
}

__device__ inline float block_max(float v) {
    __shared__ float parts[32];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    v = warp_max(v);
    __syncthreads();
    if (lane == 0) parts[warp] = v;
    __syncthreads();
    return warp_max(lane < int(blockDim.x / 32) ? parts[lane] : LOWEST);
}
