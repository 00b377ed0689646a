#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes quantized_golden.json: one linear [32, 64] in every form that others store quantized.

Each tensor is packed here as the forms' documents say, with numpy alone (made with numpy 2.4.6),
and stands beside the SHA-256 of the float32 weights (code - zero) * step. "codes" says whether the
engine's own grid can hold them. Usage: python make_quantized_golden.py > quantized_golden.json
"""
import hashlib
import json

import numpy as np

OUT, IN = 32, 64
random = np.random.default_rng(20261122)


def stream(values, bits):
    """int32 words of a little-endian bit stream along the last axis."""
    values = np.asarray(values, dtype=np.uint64)
    count = -(-values.shape[-1] * bits // 32)
    words = np.zeros(values.shape[:-1] + (count,), dtype=np.uint64)
    for i in range(values.shape[-1]):
        at = i * bits
        shifted = values[..., i] << np.uint64(at % 32)
        words[..., at // 32] |= shifted & np.uint64(0xFFFFFFFF)
        if at % 32 + bits > 32:
            words[..., at // 32 + 1] |= shifted >> np.uint64(32)
    return words.astype(np.uint32).view(np.int32)


def steps(groups, dtype=np.float16):
    return random.uniform(0.001, 0.02, (OUT, groups)).astype(dtype)


def bfloat16(values):
    """Rounded toward zero: the upper half of the float32."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def from_bfloat16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def weights(codes, zeros, scales, group_of):
    difference = codes.astype(np.float32) - zeros.astype(np.float32)[:, group_of]
    return difference * scales.astype(np.float32)[:, group_of]


def entry(dtype, array):
    array = np.ascontiguousarray(array)
    return {"dtype": dtype, "shape": list(array.shape), "bytes": array.tobytes().hex()}


cases = []


def case(name, config, tensors, values, codes=True):
    values = np.ascontiguousarray(values, dtype="<f4")
    cases.append({
        "name": name, "config": config, "tensors": tensors, "codes": codes,
        "first": values.flatten()[:4].tolist(),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
    })


def random_grid(bits, groups, symmetric=False):
    codes = random.integers(0, 2**bits, (OUT, IN))
    zeros = np.full((OUT, groups), 2**(bits - 1))
    if not symmetric:
        zeros = random.integers(1, 2**bits, (OUT, groups))
    return codes, zeros


def in_order(group):
    return np.arange(IN) // group


def awq_config(version, group):
    return {"quant_method": "awq", "bits": 4, "group_size": group, "zero_point": True,
            "version": version, "modules_to_not_convert": None}


def awq_gemm():
    group = 32
    codes, zeros = random_grid(4, IN // group)
    scales = steps(IN // group)
    order = [0, 2, 4, 6, 1, 3, 5, 7]

    def packed(values):  # [rows, OUT]
        shuffled = values.reshape(values.shape[0], OUT // 8, 8)[:, :, order]
        return stream(shuffled.reshape(values.shape[0], OUT), 4)

    case("awq gemm", awq_config("gemm", group),
         {"qweight": entry("I32", packed(codes.T)), "qzeros": entry("I32", packed(zeros.T)),
          "scales": entry("F16", scales.T)}, weights(codes, zeros, scales, in_order(group)))


def awq_gemv(group):
    groups = IN // group
    codes, zeros = random_grid(4, groups)
    scales = steps(groups)
    multiple = {64: 2, 32: 4}[group]
    width = -(-(-(-groups // 8)) // multiple) * multiple
    padded_zeros = np.zeros((OUT, 8 * width), dtype=np.int64)
    padded_zeros[:, :groups] = zeros
    padded_scales = np.zeros((OUT, 8 * width), dtype=np.float16)
    padded_scales[:, :groups] = scales
    case(f"awq gemv g{group}", awq_config("gemv", group),
         {"qweight": entry("I32", stream(codes, 4)), "qzeros": entry("I32", stream(padded_zeros, 4)),
          "scales": entry("F16", padded_scales)}, weights(codes, zeros, scales, in_order(group)))


def gptq(bits, version, symmetric, group=32, act_order=False, index=True):
    groups = 1 if group == -1 else IN // group
    size = IN if group == -1 else group
    codes, zeros = random_grid(bits, groups, symmetric)
    scales = steps(groups)
    group_of = random.permutation(in_order(size)) if act_order else in_order(size)
    stored = zeros - 1 if version == 1 else zeros
    config = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": act_order,
              "sym": symmetric, "checkpoint_format": "gptq" if version == 1 else "gptq_v2"}
    tensors = {"qweight": entry("I32", stream(codes, bits).T),
               "qzeros": entry("I32", stream(stored.T, bits)), "scales": entry("F16", scales.T)}
    if index:
        tensors["g_idx"] = entry("I32", group_of.astype(np.int32))
    case(f"gptq v{version} {bits} bit {'sym' if symmetric else 'asym'} g{group}"
         f"{' act-order' if act_order else ''}{'' if index else ' no index'}",
         config, tensors, weights(codes, zeros, scales, group_of), codes=not act_order and group != 16)


def gptq_word_offset():
    """Version 1 as writers make it that subtract 1 from every nibble of the word at once: a zero
    point of 0 borrows from its neighbour."""
    group = 32
    codes, zeros = random_grid(4, IN // group)
    zeros[::3] = 0
    scales = steps(IN // group)
    words = stream(zeros.T, 4).view(np.uint32) - np.uint32(0x11111111)
    config = {"quant_method": "gptq", "bits": 4, "group_size": group, "sym": False}
    case("gptq v1 with borrowed zeros", config,
         {"qweight": entry("I32", stream(codes, 4).T), "qzeros": entry("I32", words.view(np.int32)),
          "scales": entry("F16", scales.T), "g_idx": entry("I32", in_order(group).astype(np.int32))},
         weights(codes, zeros, scales, in_order(group)))


def compressed(bits, symmetric, group=32, dtype="F16", act_order=False):
    groups = 1 if group is None else IN // group
    size = group or IN
    codes, zeros = random_grid(bits, groups, symmetric)
    scales = steps(groups)
    stored = scales
    if dtype == "BF16":
        stored = bfloat16(scales)
        scales = from_bfloat16(stored)
    elif dtype == "F32":
        stored = scales = steps(groups, np.float32)
    group_of = random.permutation(in_order(size)) if act_order else in_order(size)
    config = {
        "quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head"],
        "quantization_status": "compressed",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": {
            "num_bits": bits, "type": "int", "symmetric": symmetric,
            "strategy": "channel" if group is None else "group", "group_size": group,
            "dynamic": False, "actorder": "group" if act_order else None}}}}
    tensors = {"weight_packed": entry("I32", stream(codes, bits)),
               "weight_scale": entry(dtype, stored),
               "weight_shape": entry("I64", np.array([OUT, IN], dtype=np.int64))}
    if not symmetric:
        tensors["weight_zero_point"] = entry("I32", stream(zeros.T, bits).T)
    if act_order:
        tensors["weight_g_idx"] = entry("I32", group_of.astype(np.int32))
    case(f"compressed-tensors {bits} bit {'sym' if symmetric else 'asym'} {group} {dtype}"
         f"{' act-order' if act_order else ''}", config, tensors,
         weights(codes, zeros, scales, group_of), codes=not act_order and dtype != "F32")


awq_gemm()
awq_gemv(64)
awq_gemv(32)
for bits in (2, 3, 4, 8):
    gptq(bits, 1, symmetric=True)
    gptq(bits, 1, symmetric=False)
    gptq(bits, 2, symmetric=False)
    gptq(bits, 2, symmetric=True, act_order=True)
gptq(4, 1, symmetric=False, act_order=True)
gptq(4, 1, symmetric=True, group=-1)
gptq(4, 1, symmetric=True, index=False)
gptq(4, 1, symmetric=True, group=16)
gptq_word_offset()
for bits in (4, 8):
    compressed(bits, symmetric=True)
    compressed(bits, symmetric=False)
    compressed(bits, symmetric=True, group=None, dtype="BF16")
compressed(4, symmetric=False, dtype="BF16")
compressed(4, symmetric=True, dtype="F32")
compressed(4, symmetric=True, act_order=True)
print(json.dumps(cases, indent=1))
