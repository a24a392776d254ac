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

// A rule replaces the gradient g by what is subtracted; h and k are the first and second history.
#define RULE(name, ...)                                                                   \
    struct name {                                                                         \
        template <typename N>                                                             \
        static __device__ void apply(N &g, N &h, N &k, const Setting<N> &s) {             \
            (void)k;                                                                      \
            __VA_ARGS__;                                                                  \
        }                                                                                 \
    };

RULE(SGD,
     h = s.momentum * h + s.rate * g;
     g = h)

RULE(Nesterov,
     N before = h;
     h = s.momentum * h + s.rate * g;
     g = (1 + s.momentum) * h - s.momentum * before)

RULE(AdaGrad,
     h += g * g;
     g = s.rate * (g / (root(h) + s.delta)))

RULE(RMSProp,
     h = s.second * h + s.second_rest * (g * g);
     g = s.rate * (g / (root(h) + s.delta)))

RULE(AdaDelta,
     h = s.momentum * h + s.momentum_rest * (g * g);
     g *= root((k + s.delta) / (h + s.delta));
     k = s.momentum * k + s.momentum_rest * (g * g);
     g *= s.rate)

RULE(Adam,
     h = s.momentum * h + s.momentum_rest * g;
     k = s.second * k + s.second_rest * (g * g);
     g = s.rate * (h / (root(k) + s.delta)))

enum { WHOLE, COMPUTE, SUBTRACT };  // COMPUTE and SUBTRACT let somebody look in between

// history1 may be history0, for rules that have but one.
#define ARGUMENTS(N)                                                                      \
    const long long *pieces, const double *mults, N *grads, N *history0, N *history1,     \
    double rate, double momentum, double second, double delta, double scale,              \
    double decay, int l1, int what
#define PASSED_ON                                                                         \
    pieces, mults, grads, history0, history1, rate, momentum, second, delta, scale,       \
    decay, l1, what

template <typename Rule, typename N>
__device__ void update(ARGUMENTS(N)) {
    const long long *piece = pieces + 3 * blockIdx.x;
    N *weights = (N *)piece[0];
    long long offset = piece[1];
    int length = int(piece[2]);
    Setting<N> setting = {N(rate * mults[2 * blockIdx.x]), N(momentum), N(1 - momentum),
                          N(second), N(1 - second), N(delta)};
    N shrink = N(scale), decays = N(decay * mults[2 * blockIdx.x + 1]);
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
        N w = weights[i], g = grads[offset + i];
        if (what != SUBTRACT) {
            g *= shrink;
            if (decays != 0) g += decays * (l1 ? N((w > 0) - (w < 0)) : w);
            Rule::apply(g, history0[offset + i], history1[offset + i], setting);
            grads[offset + i] = g;
        }
        if (what != COMPUTE) weights[i] = w - g;
    }
}

extern "C" __global__ void sgd_float(ARGUMENTS(float)) { update<SGD>(PASSED_ON); }
extern "C" __global__ void sgd_double(ARGUMENTS(double)) { update<SGD>(PASSED_ON); }
extern "C" __global__ void nesterov_float(ARGUMENTS(float)) { update<Nesterov>(PASSED_ON); }
extern "C" __global__ void nesterov_double(ARGUMENTS(double)) { update<Nesterov>(PASSED_ON); }
extern "C" __global__ void adagrad_float(ARGUMENTS(float)) { update<AdaGrad>(PASSED_ON); }
extern "C" __global__ void adagrad_double(ARGUMENTS(double)) { update<AdaGrad>(PASSED_ON); }
extern "C" __global__ void rmsprop_float(ARGUMENTS(float)) { update<RMSProp>(PASSED_ON); }
extern "C" __global__ void rmsprop_double(ARGUMENTS(double)) { update<RMSProp>(PASSED_ON); }
extern "C" __global__ void adadelta_float(ARGUMENTS(float)) { update<AdaDelta>(PASSED_ON); }
extern "C" __global__ void adadelta_double(ARGUMENTS(double)) { update<AdaDelta>(PASSED_ON); }
extern "C" __global__ void adam_float(ARGUMENTS(float)) { update<Adam>(PASSED_ON); }
extern "C" __global__ void adam_double(ARGUMENTS(double)) { update<Adam>(PASSED_ON); }

// sums[b] = the sum of the squares of piece b's gradients.
template <typename N>
__device__ void squares(const long long *pieces, const N *grads, double *sums) {
    __shared__ double parts[256];
    const long long *piece = pieces + 3 * blockIdx.x;
    double sum = 0;
    for (int i = threadIdx.x; i < int(piece[2]); i += blockDim.x) {
        double g = grads[piece[1] + i];
        sum += g * g;
    }
    parts[threadIdx.x] = sum;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    }
    if (threadIdx.x == 0) sums[blockIdx.x] = parts[0];
}

extern "C" __global__ void squares_float(
    const long long *pieces, const float *grads, double *sums) {
    squares(pieces, grads, sums);
}

extern "C" __global__ void squares_double(
    const long long *pieces, const double *grads, double *sums) {
    squares(pieces, grads, sums);
}
