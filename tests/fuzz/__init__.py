"""Random cases of every kernel and layer, compared with the reference kernels in float64.

    draw       what a seed decides
    cases      families of cases, by name; each is a few lines that draw one
    sides      a run of a case: engines, number type, numbers as given or shaken in their last bits
    judge      whether two runs agree
    kernels_*  families of kernels
    layers     a layer in a small net, by type; layers_* have a few lines for each
    nets_*     chains that run as one, whole random nets
    worker, runs    processes, one for each instruction set
"""
