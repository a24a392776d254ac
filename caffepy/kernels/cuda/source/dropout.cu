// Dropout with the numbers that NumPy's Philox generator draws, so that a run on a GPU drops what
// the same run on a CPU drops. Philox 4x64 with ten rounds: Salmon et al., "Parallel Random
// Numbers: As Easy as 1, 2, 3", 2011.
//
// Number i in C order is dropped if draw i, of 16 bits, is below the threshold. The counter
// (block, 0, position, rank) gives four words, which are draws 16 (block - 1) and the 15 after it.
// The position lies in device memory and each run moves it on by one, so that a graph draws anew
// at each replay.
#include "common.cuh"

typedef unsigned long long Word;

constexpr int DRAWS = 16;   // of one counter
constexpr int BLOCK = 256;  // threads; each makes the draws of one counter at a time

struct State {
    Word position;
    unsigned finished;  // blocks that are done
    unsigned unused;
};

struct Draws {
    Word words[4];
};

__device__ inline Draws philox(Word block, Word position, Word rank, Word key_0, Word key_1) {
    Word a = block, b = 0, c = position, d = rank;
    for (int round = 0; round < 10; ++round) {
        Word high_a = __umul64hi(0xD2E7470EE14C6C93ull, a), low_a = 0xD2E7470EE14C6C93ull * a;
        Word high_c = __umul64hi(0xCA5A826395121157ull, c), low_c = 0xCA5A826395121157ull * c;
        a = high_c ^ b ^ key_0;
        b = low_c;
        c = high_a ^ d ^ key_1;
        d = low_a;
        key_0 += 0x9E3779B97F4A7C15ull;
        key_1 += 0xBB67AE8584CAA73Bull;
    }
    return {{a, b, c, d}};
}

// The last block to end moves the position on, when all have read it.
__device__ inline void move_on(State* state) {
    __syncthreads();
    if (threadIdx.x == 0) {
        __threadfence();
        if (atomicAdd(&state->finished, 1u) == gridDim.x - 1) {
            state->finished = 0;
            state->position += 1;
        }
    }
}

extern "C" __global__ void seek(State* state, Word position) {
    state->position = position;
    state->finished = 0;
}

// x in C order. A block draws for BLOCK * DRAWS numbers into shared memory, then goes over them.
extern "C" __global__ void __launch_bounds__(BLOCK) forward(
    int count, const T* x, T* y, unsigned char* kept, State* state, Word rank, Word key_0,
    Word key_1, unsigned threshold, float rate) {
    __shared__ unsigned short draws[BLOCK][DRAWS];
    Word position = state->position;
    for (int start = blockIdx.x * BLOCK * DRAWS; start < count;
         start += gridDim.x * BLOCK * DRAWS) {
        Draws mine = philox(start / DRAWS + threadIdx.x + 1, position, rank, key_0, key_1);
        for (int k = 0; k < DRAWS; ++k)
            draws[threadIdx.x][k] = (unsigned short)(mine.words[k / 4] >> (16 * (k % 4)));
        __syncthreads();
        for (int k = 0; k < DRAWS; ++k) {
            int j = k * BLOCK + threadIdx.x, i = start + j;
            if (i < count) {
                bool keep = draws[j / DRAWS][j % DRAWS] >= threshold;
                kept[i] = keep;
                y[i] = float(x[i]) * (keep ? rate : 0.0f);
            }
        }
        __syncthreads();  // before the next draws overwrite these
    }
    move_on(state);
}

// x channels-last: neighbours in memory are far apart in C order, so each number draws for itself.
extern "C" __global__ void forward_last(
    int count, const T* x, T* y, unsigned char* kept, State* state, Word rank, Word key_0,
    Word key_1, unsigned threshold, float rate, int channels, int area) {
    Word position = state->position;
    FOR_EACH(i, count) {
        int pixel = i / channels;
        int draw = (pixel / area * channels + i % channels) * area + pixel % area;
        Draws all = philox(draw / DRAWS + 1, position, rank, key_0, key_1);
        int k = draw % DRAWS;
        Word word = all.words[0];  // chosen, not looked up: so the words stay in registers
        for (int j = 1; j < DRAWS / 4; ++j) word = k / 4 == j ? all.words[j] : word;
        bool keep = (unsigned short)(word >> (16 * (k % 4))) >= threshold;
        kept[i] = keep;
        y[i] = float(x[i]) * (keep ? rate : 0.0f);
    }
    move_on(state);
}

extern "C" __global__ void backward(int count, const T* dy, const unsigned char* kept, float rate,
                                    T* dx) {
    FOR_EACH_PACK(i, count) {
        Numbers p = load(dy, i, count);
        for (int k = 0; k < PACK; ++k)
            if (i + k < count) p.v[k] = float(p.v[k]) * (kept[i + k] ? rate : 0.0f);
        store(dx, i, count, p);
    }
}
