// Enough of CUDA for g++: the kernels of caffepy/kernels/cuda/source run on the CPU, for tests.
//
// Blocks run one after another. The threads of a block run one after another too, on fibers, so
// that a thread can wait at a barrier while others catch up. A fiber that ends without waiting
// takes the next thread, so kernels without barriers cost a plain loop.
//
// What a GPU leaves undefined is an error here: a barrier or a shuffle that not all threads
// reach, shared memory read before it is written (it starts as NaN), arguments of the wrong type.
#pragma once

#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <ucontext.h>
#include <utility>

#define CAFFEPY_EMULATED 1
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("shared_memory")))

struct dim3 { unsigned x = 1, y = 1, z = 1; };
struct uint3 { unsigned x = 0, y = 0, z = 0; };
struct __attribute__((aligned(8))) float2 { float x, y; };
struct __attribute__((aligned(16))) float4 { float x, y, z, w; };
struct __attribute__((aligned(16))) uint4 { unsigned x, y, z, w; };
struct __attribute__((aligned(8))) uint2 { unsigned x, y; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

dim3 gridDim, blockDim;
uint3 blockIdx, threadIdx;
constexpr int warpSize = 32;

extern char __start_shared_memory[] __attribute__((weak));
extern char __stop_shared_memory[] __attribute__((weak));

namespace emulator {

constexpr int MOST = 1024;             // threads of a block
constexpr size_t STACK = 256 * 1024;   // bytes of a fiber's stack, touched only as far as used

enum State { UNBORN, READY, AT_BARRIER, AT_WARP, DONE };  // READY: may go on

struct Fiber {
    char* stack = nullptr;
    jmp_buf place;  // where it waits: a jump is much cheaper than swapcontext, which asks the kernel
};

Fiber fibers[MOST];
int fibers_used;
int owner[MOST];      // the fiber on which a thread runs
State state[MOST];
char slots[MOST][16]; // what shuffles hand over
jmp_buf scheduler;
int started, threads, current, running;  // the last two: this thread, and its fiber
bool backwards;
void (*body)(void*);
void* body_data;
char message[200];

inline uint3 coordinates(int rank) {
    unsigned r = rank;
    return {r % blockDim.x, r / blockDim.x % blockDim.y, r / blockDim.x / blockDim.y};
}

inline void work() {
    while (started < threads) {
        int rank = backwards ? threads - 1 - started : started;
        ++started;
        owner[rank] = running;
        current = rank;
        threadIdx = coordinates(rank);
        body(body_data);
        state[current] = DONE;
    }
    _longjmp(scheduler, 1);
}

inline void wait(State where) {
    state[current] = where;
    if (!_setjmp(fibers[owner[current]].place)) _longjmp(scheduler, 1);
    threadIdx = coordinates(current);
}

inline void resume(int rank) {
    current = rank;
    running = owner[rank];
    if (!_setjmp(scheduler)) _longjmp(fibers[running].place, 1);
}

inline void start_fiber() {
    running = fibers_used++;
    Fiber& fiber = fibers[running];
    if (!fiber.stack) fiber.stack = static_cast<char*>(malloc(STACK));
    static ucontext_t birth;
    getcontext(&birth);
    birth.uc_stack.ss_sp = fiber.stack;
    birth.uc_stack.ss_size = STACK;
    birth.uc_link = nullptr;
    makecontext(&birth, work, 0);
    if (!_setjmp(scheduler)) setcontext(&birth);
}

// If all of these wait at the same thing, they may go on.
inline bool release(int first, int last, State where) {
    for (int rank = first; rank < last; ++rank)
        if (state[rank] != where) return false;
    for (int rank = first; rank < last; ++rank) state[rank] = READY;
    return true;
}

// Run a warp as far as it gets. Warps are not in step on a GPU either.
inline bool run_warp(int first) {
    int size = threads - first < warpSize ? threads - first : warpSize;
    bool moved = false;
    for (;;) {
        bool ran = size == warpSize && release(first, first + size, AT_WARP);
        for (int i = 0; i < size; ++i) {
            int rank = first + (backwards ? size - 1 - i : i);
            if (state[rank] != READY) continue;
            ran = true;
            resume(rank);
        }
        if (!ran) return moved;
        moved = true;
    }
}

// One block; a complaint, or null.
inline const char* run_block() {
    if (__start_shared_memory)
        memset(__start_shared_memory, 0xff, __stop_shared_memory - __start_shared_memory);
    started = fibers_used = 0;
    for (int rank = 0; rank < threads; ++rank) state[rank] = UNBORN;
    while (started < threads) start_fiber();
    for (;;) {
        bool done = true, moved = false;
        for (int rank = 0; rank < threads; ++rank) done &= state[rank] == DONE;
        if (done) return nullptr;
        for (int i = 0, warps = (threads + warpSize - 1) / warpSize; i < warps; ++i)
            moved |= run_warp((backwards ? warps - 1 - i : i) * warpSize);
        if (!moved && !release(0, threads, AT_BARRIER)) {
            int at_barrier = 0, at_warp = 0, ended = 0;
            for (int rank = 0; rank < threads; ++rank) {
                at_barrier += state[rank] == AT_BARRIER;
                at_warp += state[rank] == AT_WARP;
                ended += state[rank] == DONE;
            }
            snprintf(message, sizeof message,
                     "block (%u, %u, %u) diverges: of %d threads %d wait at __syncthreads, %d at "
                     "a warp's shuffle, %d have ended", blockIdx.x, blockIdx.y, blockIdx.z,
                     threads, at_barrier, at_warp, ended);
            return message;
        }
    }
}

struct Argument {
    const void* at;  // of a scalar its address, of an array the array's address itself
    int kind;        // 'p' array, 'i' whole number, 'u' unsigned one, 'f' floating-point
    int size;        // bytes of the scalar, or of one number of the array
};

// A null pointer comes as a whole number of its size.
inline bool null(const Argument& a) {
    int64_t number;
    return a.kind == 'i' && a.size == 8 && (memcpy(&number, a.at, 8), number == 0);
}

template <class T> bool fits(const Argument& a) {
    if constexpr (std::is_pointer_v<T>) {
        using Number = std::remove_pointer_t<T>;
        if (null(a)) return true;
        // of a struct an array of numbers is made, unless it is one: of half precision
        if constexpr (std::is_class_v<Number> && sizeof(Number) > 2) return a.kind == 'p';
        else return a.kind == 'p' && a.size == int(sizeof(Number));
    } else if constexpr (std::is_floating_point_v<T>) {
        return a.kind == 'f' && a.size == int(sizeof(T));
    } else {
        return (a.kind == 'i' || a.kind == 'u') && a.size == int(sizeof(T));
    }
}

template <class T> T value(const Argument& a) {
    if constexpr (std::is_pointer_v<T>) {
        return null(a) ? nullptr : static_cast<T>(const_cast<void*>(a.at));
    } else {
        T result;
        memcpy(&result, a.at, sizeof result);
        return result;
    }
}

template <class... P, size_t... I>
const char* launch(void (*kernel)(P...), const Argument* arguments, int count,
                   std::index_sequence<I...>) {
    if (count != int(sizeof...(P))) {
        snprintf(message, sizeof message, "takes %d arguments, was given %d",
                 int(sizeof...(P)), count);
        return message;
    }
    int wrong = -1;
    (void)std::initializer_list<int>{
        (wrong < 0 && !fits<P>(arguments[I]) ? wrong = int(I) : 0)...};
    if (wrong >= 0) {
        snprintf(message, sizeof message, "argument %d is of another type: given %c of %d bytes",
                 wrong, arguments[wrong].kind, arguments[wrong].size);
        return message;
    }
    struct Call {
        void (*kernel)(P...);
        const Argument* arguments;
    } call{kernel, arguments};
    body = [](void* data) {
        Call& c = *static_cast<Call*>(data);
        c.kernel(value<P>(c.arguments[I])...);
    };
    body_data = &call;
    threads = blockDim.x * blockDim.y * blockDim.z;
    for (unsigned z = 0; z < gridDim.z; ++z)
        for (unsigned y = 0; y < gridDim.y; ++y)
            for (unsigned x = 0; x < gridDim.x; ++x) {
                unsigned last = backwards ? gridDim.x - 1 - x : x;
                blockIdx = {last, y, z};
                if (const char* complaint = run_block()) return complaint;
            }
    return nullptr;
}

template <class... P>
const char* launch(void (*kernel)(P...), const unsigned* shape, const Argument* arguments,
                   int count, int reverse) {
    gridDim = {shape[0], shape[1], shape[2]};
    blockDim = {shape[3], shape[4], shape[5]};
    backwards = reverse;
    return launch(kernel, arguments, count, std::index_sequence_for<P...>{});
}

template <class T> T exchange(T mine, int lane) {
    int first = current / warpSize * warpSize;
    memcpy(slots[current], &mine, sizeof mine);
    wait(AT_WARP);  // all have written
    T other;
    memcpy(&other, slots[first + lane], sizeof other);
    wait(AT_WARP);  // all have read
    return other;
}

inline int lane() { return current % warpSize; }

}  // namespace emulator

#define EMULATED_KERNEL(name) \
    extern "C" __attribute__((visibility("default"))) const char* launch_##name( \
        const unsigned* shape, const emulator::Argument* arguments, int count, int reverse) { \
        return emulator::launch(name, shape, arguments, count, reverse); \
    }

inline void __syncthreads() { emulator::wait(emulator::AT_BARRIER); }
inline void __syncwarp(unsigned = ~0u) { emulator::wait(emulator::AT_WARP); }
inline void __threadfence() {}

template <class T> T __shfl_sync(unsigned, T v, int lane) {
    return emulator::exchange(v, lane);
}
template <class T> T __shfl_xor_sync(unsigned, T v, int mask) {
    return emulator::exchange(v, emulator::lane() ^ mask);
}
template <class T> T __shfl_down_sync(unsigned, T v, unsigned delta) {
    int lane = emulator::lane() + int(delta);
    return emulator::exchange(v, lane < warpSize ? lane : emulator::lane());
}
template <class T> T __shfl_up_sync(unsigned, T v, unsigned delta) {
    int lane = emulator::lane() - int(delta);
    return emulator::exchange(v, lane >= 0 ? lane : emulator::lane());
}

template <class T, class U> T atomicAdd(T* at, U v) { T old = *at; *at += v; return old; }
template <class T, class U> T atomicMax(T* at, U v) { T old = *at; if (T(v) > old) *at = v; return old; }
template <class T, class U> T atomicMin(T* at, U v) { T old = *at; if (T(v) < old) *at = v; return old; }
template <class T, class U> T atomicExch(T* at, U v) { T old = *at; *at = v; return old; }
template <class T> T atomicCAS(T* at, T expected, T v) {
    T old = *at;
    if (old == expected) *at = v;
    return old;
}

template <class T> T __ldg(const T* at) { return *at; }
template <class T> T min(T a, T b) { return b < a ? b : a; }
template <class T> T max(T a, T b) { return a < b ? b : a; }
using std::isfinite;
using std::isinf;
using std::isnan;
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (uint64_t(a) * b) >> 32; }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned __int128)a * b >> 64;
}
inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
inline unsigned __float_as_uint(float x) { unsigned i; memcpy(&i, &x, 4); return i; }
inline float __uint_as_float(unsigned i) { float x; memcpy(&x, &i, 4); return x; }
inline float __int_as_float(int i) { float x; memcpy(&x, &i, 4); return x; }
