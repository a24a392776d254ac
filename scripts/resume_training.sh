#!/bin/sh
# Goes on with a training from its last snapshot. Runs from anywhere.
#
#   scripts/resume_training.sh [SOLVER [SNAPSHOT]] [flags of `caffepy train`]
#
# SOLVER (models/caffenet/solver.prototxt) and SNAPSHOT, a .solverstate, are named by their paths from
# the repository's root. By default it is the latest that has the solver's snapshot_prefix.
. "$(dirname "$0")/common.sh"

solver=models/caffenet/solver.prototxt
snapshot=latest
case ${1:--} in
    -*) ;;
    *)
        solver=$1
        shift
        case ${1:--} in
            -*) ;;
            *)
                snapshot=$1
                shift
                ;;
        esac
        ;;
esac
need "$solver" "name a solver file by its path from $PWD"
[ "$snapshot" = latest ] || need "$snapshot" "name a .solverstate"
train "$solver" --snapshot="$snapshot" "$@"
