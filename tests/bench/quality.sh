#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The quality table of the README: perplexity and KL of SmolLM2 under RTN, AWQ and AWQ with clip.
#   tests/bench/quality.sh SALIENT MODEL OUT [BITS:GROUP ...]
# Calibration: 64 x 512 tokens of data/text/c4.txt; evaluation: the first 48 windows of 512 tokens of
# data/text/wikitext2-raw-test.txt, no BOS. Texts are read from $SALIENT_SHARED (default ../shared).
set -euo pipefail
salient="$1" model="$2" out="$3"
shift 3
shared="${SALIENT_SHARED:-$(cd "$(dirname "$0")/../.." && pwd)/../shared}"
schemes=("$@")
[ ${#schemes[@]} -gt 0 ] || schemes=(4:128 4:64 3:64)
mkdir -p "$out"

one() { # NAME FLAGS...
  local name="$1"
  shift
  [ -d "$out/$name" ] || "$salient" quantize "$model" -o "$out/$name" --format run \
    --calib "$shared/data/text/c4.txt" --samples 64 --seq-len 512 --json "$@" \
    >"$out/$name.json" 2>"$out/$name.log"
  "$salient" eval "$model" "$out/$name" -f "$shared/data/text/wikitext2-raw-test.txt" -c 512 \
    --chunks 48 --json >"$out/$name.eval.json" 2>/dev/null
  python3 - "$name" "$out/$name.json" "$out/$name.eval.json" <<'PY'
import json, sys
run, ev = (json.load(open(p)) for p in sys.argv[2:4])
print(f"{sys.argv[1]:18} FP {ev['perplexity']:.2f}  perplexity {ev['perplexity_b']:.2f}  "
      f"KL {ev['kl_mean']:.3f} ± {ev['kl_stderr']:.3f}  same top {ev['top1_agreement']:.3f}  "
      f"{run['quantize_seconds']:.1f} s")
PY
}

for scheme in "${schemes[@]}"; do
  bits="${scheme%:*}" group="${scheme#*:}"
  one "w${bits}g${group}-rtn" -b "$bits" -g "$group" --method rtn
  one "w${bits}g${group}-awq" -b "$bits" -g "$group" --no-clip
  one "w${bits}g${group}-awq-clip" -b "$bits" -g "$group"
done
