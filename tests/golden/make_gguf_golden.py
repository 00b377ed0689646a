# SPDX-License-Identifier: Apache-2.0
"""Writes gguf_golden.json: random blocks of every GGUF type and their float32 values.

The oracle is gguf.quants.dequantize of the gguf package (made with gguf 0.19.0, numpy 2.4.6).
Usage: python make_gguf_golden.py > gguf_golden.json
"""
import json

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

# Where the float16 steps of a block stand; their bytes are kept finite.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "F32": [], "F16": [], "BF16": [], "IQ4_NL": [0], "IQ4_XS": [0],
}
BLOCKS = 3

random = np.random.default_rng(20260301)
golden = {}
for name, halves in HALVES.items():
    kind = GGMLQuantizationType[name]
    elements, size = GGML_QUANT_SIZES[kind]
    count = BLOCKS if elements > 1 else 32
    raw = random.integers(0, 256, (count, size), dtype=np.uint8)
    for at in halves:
        steps = random.normal(0, 0.01, count).astype(np.float16)
        raw[:, at:at + 2] = steps.view(np.uint8).reshape(count, 2)
    if not halves:
        values = random.normal(0, 1, count).astype(np.float32)
        dtype = {"F32": np.float32, "F16": np.float16}.get(name)
        bits = values.astype(dtype) if dtype else (values.view(np.uint32) >> 16).astype(np.uint16)
        raw = bits.view(np.uint8).reshape(count, size)
    values = dequantize(raw, kind).astype("<f4")
    golden[name] = {"blocks": raw.tobytes().hex(), "values": values.tobytes().hex()}
print(json.dumps(golden, indent=1))
