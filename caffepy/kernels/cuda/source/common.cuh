// What all kernels share. Pasted into each file by device.py.

// The half-precision formats: 16 bits in memory, float in every formula. Without NVIDIA's headers,
// which the compiler that comes as a wheel does not bring.
struct Float16 {
    unsigned short bits;
    Float16() = default;
    __device__ inline Float16(float v);
    __device__ inline operator float() const;
};

struct BFloat16 {
    unsigned short bits;  // the upper half of a float's
    BFloat16() = default;
    __device__ inline BFloat16(float v);
    __device__ inline operator float() const;
};

#ifdef CAFFEPY_EMULATED  // by tests, for the CPU
inline Float16::Float16(float v) {
    _Float16 h = v;
    memcpy(&bits, &h, sizeof bits);
}
inline Float16::operator float() const {
    _Float16 h;
    memcpy(&h, &bits, sizeof h);
    return h;
}
#else
__device__ inline Float16::Float16(float v) {
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
}
__device__ inline Float16::operator float() const {
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(bits));
    return v;
}
#endif

// To the nearest, of two equally near to the even one. Not-a-number stays what it is: rounding up
// its bits could make an infinity of it.
__device__ inline BFloat16::BFloat16(float v) {
    unsigned all = __float_as_uint(v);
    bits = v != v ? 0x7fff : (all + 0x7fff + (all >> 16 & 1)) >> 16;
}
__device__ inline BFloat16::operator float() const { return __uint_as_float(unsigned(bits) << 16); }

// The type that activations are stored in; device.py puts the others here.
typedef float T;

// V neighbours, read and written at once. Arrays begin where the largest pack may.
template <class N, int V> struct alignas(sizeof(N) * V) Pack {
    N v[V];
};

// How many numbers a thread of an elementwise kernel takes at once. Of half precision several: two
// bytes a thread would keep the memory less busy than float's four, and finding out where a number
// belongs costs as much for one as for a pack. device.py counts blocks by it.
constexpr int PACK = sizeof(T) == 2 ? 4 : 1;
typedef Pack<T, PACK> Numbers;

__device__ inline Numbers load(const T* x, int i, int count) {
    if (i + PACK <= count) return *(const Numbers*)(x + i);
    Numbers p = {};
    // a fixed number of rounds, so that they are unrolled and the pack stays in registers
    for (int k = 0; k < PACK; ++k)
        if (i + k < count) p.v[k] = x[i + k];
    return p;
}

__device__ inline void store(T* y, int i, int count, const Numbers& p) {
    if (i + PACK <= count)
        *(Numbers*)(y + i) = p;
    else
        for (int k = 0; k < PACK; ++k)
            if (i + k < count) y[i + k] = p.v[k];
}

// The channel d of number i of (outer, dim, inner), and of those that follow it.
struct Channel {
    int d, rest, dim, inner;
    __device__ Channel(int i, int dim, int inner) : dim(dim), inner(inner) {
        int row = inner == 1 ? i : i / inner;
        rest = i - row * inner;
        d = row % dim;
    }
    __device__ void next() {
        if (++rest == inner) {
            rest = 0;
            if (++d == dim) d = 0;
        }
    }
};

// Each thread takes every so-many-th item, so any grid will do, and neighbouring threads touch
// neighbouring items, which is what the memory wants.
#define FOR_EACH(i, count) \
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += gridDim.x * blockDim.x)

// The same in packs, which begin at i.
#define FOR_EACH_PACK(i, count) \
    for (int i = (blockIdx.x * blockDim.x + threadIdx.x) * PACK; i < (count); \
         i += gridDim.x * blockDim.x * PACK)

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
