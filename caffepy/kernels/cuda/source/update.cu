// The update rules, each in one pass over all parameters: scale, decay, rule, subtraction.
//
// One block of threads takes one piece of a parameter. A piece is three numbers: the address of its
// weights, its offset in gradients and histories, its length. mults has lr_mult and decay_mult.
// Rates come as double, and the products of rates and constants are rounded once, as on the host.
//
// What may differ from one update to the next lies in device memory, so that a recorded update does
// something else when it is replayed: what the host says in Told, what the device finds in Found.

struct Told {
    double rate, momentum, second, delta;
    double scale;   // of gradients, without clipping and global_grad_scale
    double decay;   // of a decoupled rule times the rate
    double clip;    // clip_gradients; negative for none
    double scaled;  // whether gradients are multiplied with Found's grad_scale
};

struct Found {
    double grad_scale;  // what losses' gradients are multiplied with
    double good;        // updates since it changed
    double skipped;     // updates, in all
    double in_a_row;    // of them without a good one since
    double norm;        // of the gradients, without their scale
    double scale;       // of gradients, with everything
    double skips;       // whether this update is skipped
};

extern "C" __global__ void tell(Told *told, double rate, double momentum, double second,
                                double delta, double scale, double decay, double clip,
                                double scaled) {
    *told = {rate, momentum, second, delta, scale, decay, clip, scaled};
}

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

// history1 may be history0, for rules that have but one. found is null where nobody has judged.
#define ARGUMENTS(N)                                                                      \
    const long long *pieces, const double *mults, N *grads, N *history0, N *history1,     \
    const Told *told, const Found *found, int l1, int what
#define PASSED_ON pieces, mults, grads, history0, history1, told, found, l1, what

// decoupled: the decay, by the rate and lr_mult, is subtracted behind the rule.
template <typename Rule, bool decoupled = false, typename N>
__device__ void update(ARGUMENTS(N)) {
    const long long *piece = pieces + 3 * blockIdx.x;
    N *weights = (N *)piece[0];
    long long offset = piece[1];
    int length = int(piece[2]);
    if (found && found->skips != 0) {  // what was subtracted is nothing
        for (int i = threadIdx.x; i < length; i += blockDim.x) grads[offset + i] = 0;
        return;
    }
    double momentum = told->momentum, second = told->second;
    Setting<N> setting = {N(told->rate * mults[2 * blockIdx.x]), N(momentum), N(1 - momentum),
                          N(second), N(1 - second), N(told->delta)};
    N shrink = N(found ? found->scale : told->scale);
    N decays = N(told->decay * mults[2 * blockIdx.x + 1] * (decoupled ? mults[2 * blockIdx.x] : 1));
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
        N w = weights[i], g = grads[offset + i];
        if (what != SUBTRACT) {
            g *= shrink;
            N decayed = decays != 0 ? decays * (l1 ? N((w > 0) - (w < 0)) : w) : 0;
            if (!decoupled) g += decayed;
            Rule::apply(g, history0[offset + i], history1[offset + i], setting);
            if (decoupled) g += decayed;
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
extern "C" __global__ void adamw_float(ARGUMENTS(float)) { update<Adam, true>(PASSED_ON); }
extern "C" __global__ void adamw_double(ARGUMENTS(double)) { update<Adam, true>(PASSED_ON); }

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

// One block, behind squares: the norm, and what clipping makes of the scale. If grad_scale adapts,
// which it does where ``patience`` is not 0, also whether to skip the update, and the next scale:
// halved down to ``least`` by a skip, doubled by as many good updates as patience says. A seed is two numbers, the address of a loss's gradient and how many there are, and a weight:
// the next backward starts from it.
template <typename N>
__device__ void judge(int pieces, const double *sums, const Told *told, Found *found, int patience,
                      double least, int seeds, const long long *seed, const double *weights) {
    __shared__ double parts[256];
    double sum = 0;
    for (int i = threadIdx.x; i < pieces; i += blockDim.x) sum += sums[i];
    parts[threadIdx.x] = sum;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    }
    if (threadIdx.x == 0) {
        sum = parts[0];
        double carried = told->scaled != 0 ? found->grad_scale : 1;
        double norm = sqrt(sum) / carried;
        double scale = told->scale / carried;
        found->norm = norm;
        found->scale = told->clip >= 0 && norm > told->clip ? told->clip / norm * scale : scale;
        found->skips = patience && !isfinite(sum);
        if (found->skips != 0) {
            if (found->grad_scale > least) found->grad_scale /= 2;
            found->good = 0;
            found->skipped += 1;
            found->in_a_row += 1;
        } else if (patience) {
            found->in_a_row = 0;
            found->good += 1;
            if (found->good == patience) {
                found->grad_scale *= 2;
                found->good = 0;
            }
        }
    }
    __syncthreads();
    for (int s = 0; s < seeds; ++s) {
        N *gradient = (N *)seed[2 * s], start = N(weights[s] * found->grad_scale);
        for (long long i = threadIdx.x; i < seed[2 * s + 1]; i += blockDim.x) gradient[i] = start;
    }
}

extern "C" __global__ void judge_float(
    int pieces, const double *sums, const Told *told, Found *found, int patience, double least,
    int seeds, const long long *seed, const double *weights) {
    judge<float>(pieces, sums, told, found, patience, least, seeds, seed, weights);
}

extern "C" __global__ void judge_double(
    int pieces, const double *sums, const Told *told, Found *found, int patience, double least,
    int seeds, const long long *seed, const double *weights) {
    judge<double>(pieces, sums, told, found, patience, least, seeds, seed, weights);
}
