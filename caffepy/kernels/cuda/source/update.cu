// The update rules, each in one pass over all parameters: scale, decay, rule, subtraction.
//
// One block of threads takes one piece of a parameter. A piece is three numbers: the address of its
// weights, its offset in gradients and histories, its length. mults has lr_mult and decay_mult.
// Rates come as double, and the products of rates and constants are rounded once, as on the host.

template <typename N>
struct Setting {
    N rate, momentum, momentum_rest, second, second_rest, delta;
};

__device__ inline float root(float x) { return sqrtf(x); }
__device__ inline double root(double x) { return sqrt(x); }

enum { WHOLE, COMPUTE, SUBTRACT };  // COMPUTE and SUBTRACT let somebody look in between

#define ARGUMENTS                                                                               \
    const long long *pieces, const double *mults, N *grads, N *history0, N *history1,           \
    double rate, double momentum, double second, double delta, double scale, double decay,      \
    int l1, int what

// formula: replaces g by what is subtracted; h and k are the first and the second history.
#define RULE(name, ...)                                                                         \
    template <typename N>                                                                       \
    __device__ void name(ARGUMENTS) {                                                           \
        N *weights = (N *)pieces[3 * blockIdx.x];                                               \
        long long offset = pieces[3 * blockIdx.x + 1];                                          \
        int length = int(pieces[3 * blockIdx.x + 2]);                                           \
        Setting<N> s = {N(rate * mults[2 * blockIdx.x]), N(momentum), N(1 - momentum),          \
                        N(second), N(1 - second), N(delta)};                                    \
        N shrink = N(scale), decays = N(decay * mults[2 * blockIdx.x + 1]);                     \
        for (int i = threadIdx.x; i < length; i += blockDim.x) {                                \
            N w = weights[i], g = grads[offset + i];                                            \
            if (what != SUBTRACT) {                                                             \
                N &h = history0[offset + i], &k = history1[offset + i];                         \
                g *= shrink;                                                                    \
                if (decays != 0) g += decays * (l1 ? N((w > 0) - (w < 0)) : w);                 \
                __VA_ARGS__;                                                                    \
                (void)k;                                                                        \
                grads[offset + i] = g;                                                          \
            }                                                                                   \
            if (what != COMPUTE) weights[i] = w - g;                                            \
        }                                                                                       \
    }                                                                                           \
    KERNEL(name, float)                                                                         \
    KERNEL(name, double)

#define KERNEL(name, type)                                                                      \
    extern "C" __global__ void name##_##type(                                                   \
        const long long *pieces, const double *mults, type *grads, type *history0,              \
        type *history1, double rate, double momentum, double second, double delta,              \
        double scale, double decay, int l1, int what) {                                         \
        name<type>(pieces, mults, grads, history0, history1, rate, momentum, second, delta,     \
                   scale, decay, l1, what);                                                     \
    }

RULE(sgd,
     h = s.momentum * h + s.rate * g;
     g = h)

RULE(nesterov,
     N before = h;
     h = s.momentum * h + s.rate * g;
     g = (1 + s.momentum) * h - s.momentum * before)

RULE(adagrad,
     h += g * g;
     g = s.rate * (g / (root(h) + s.delta)))

RULE(rmsprop,
     h = s.second * h + s.second_rest * (g * g);
     g = s.rate * (g / (root(h) + s.delta)))

RULE(adadelta,
     h = s.momentum * h + s.momentum_rest * (g * g);
     g *= root((k + s.delta) / (h + s.delta));
     k = s.momentum * k + s.momentum_rest * (g * g);
     g *= s.rate)

RULE(adam,
     h = s.momentum * h + s.momentum_rest * g;
     k = s.second * k + s.second_rest * (g * g);
     g = s.rate * (h / (root(k) + s.delta)))

// sums[b] = the sum of the squares of piece b's gradients.
template <typename N>
__device__ void squares(const long long *pieces, const N *grads, double *sums) {
    __shared__ double parts[256];
    long long offset = pieces[3 * blockIdx.x + 1];
    int length = int(pieces[3 * blockIdx.x + 2]);
    double sum = 0;
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
        double g = grads[offset + i];
        sum += g * g;
    }
    parts[threadIdx.x] = sum;
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    }
    if (threadIdx.x == 0) sums[blockIdx.x] = parts[0];
}

extern "C" __global__ void squares_float(const long long *pieces, const float *grads, double *sums) {
    squares<float>(pieces, grads, sums);
}

extern "C" __global__ void squares_double(
    const long long *pieces, const double *grads, double *sums) {
    squares<double>(pieces, grads, sums);
}
