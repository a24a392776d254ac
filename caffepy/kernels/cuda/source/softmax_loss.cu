// The loss -log p[label] and its gradient; p comes from softmax.cu, always as float. Positions are the numbers of
// (outer, inner), the axes around ``classes``.
#include "common.cuh"

constexpr float IGNORED = -1.0f, BAD = -2.0f;  // in place of a loss, which is never negative
constexpr float SMALLEST = 1.175494351e-38f;       // FLT_MIN: what p is at least

// The class that a label names, or IGNORED, or BAD.
__device__ inline int class_of(float label, int classes, int ignores, int ignore_label) {
    if (ignores && truncf(label) == ignore_label) return int(IGNORED);
    return label >= 0 && label < classes ? int(label) : int(BAD);  // not-a-number is BAD too
}

extern "C" __global__ void losses(int positions, int classes, int inner, const float* p,
                                  const float* labels, int ignores, int ignore_label,
                                  float* loss) {
    FOR_EACH(i, positions) {
        int c = class_of(labels[i], classes, ignores, ignore_label);
        if (c < 0) {
            loss[i] = c;
        } else {
            float v = p[((size_t)(i / inner) * classes + c) * inner + i % inner];
            loss[i] = -logf(v < SMALLEST ? SMALLEST : v);
        }
    }
}

// One block: the mean of the losses, what it was divided by (``fixed``, or the number of positions
// that count), and the first bad label into the flag, if nobody has complained yet.
extern "C" __global__ void collect(int positions, const float* loss, const float* labels,
                                   float fixed, float* mean, float* divisor, int* flag, int who) {
    __shared__ int first_bad;
    if (threadIdx.x == 0) first_bad = positions;
    __syncthreads();
    float sum = 0, valid = 0;
    for (int i = threadIdx.x; i < positions; i += blockDim.x) {
        if (loss[i] == BAD) atomicMin(&first_bad, i);
        if (loss[i] < 0) continue;
        sum += loss[i];
        valid += 1;
    }
    sum = block_sum(sum);
    valid = block_sum(valid);
    if (threadIdx.x != 0) return;
    float by = fixed > 0 ? fixed : fmaxf(valid, 1.0f);
    *divisor = by;
    *mean = sum / by;
    if (first_bad < positions && atomicCAS(flag, 0, who) == 0) {
        flag[1] = first_bad;
        flag[2] = __float_as_int(labels[first_bad]);
    }
}

// dx = (p - 1 at the label) * weight / divisor, 0 where the label does not count.
extern "C" __global__ void backward(int count, int classes, int inner, const float* p,
                                    const float* labels, int ignores, int ignore_label,
                                    const float* weight, const float* divisor, T* dx) {
    float rate = *weight / *divisor;
    FOR_EACH(i, count) {
        int c = i / inner % classes;
        int label = class_of(labels[i / inner / classes * inner + i % inner], classes, ignores,
                             ignore_label);
        dx[i] = label < 0 ? 0.0f : (float(p[i]) - (c == label ? 1.0f : 0.0f)) * rate;
    }
}
