# SPDX-License-Identifier: Apache-2.0
"""Writes awq_golden.json: a float64 reference of AWQ's arithmetic for the quantization tests.

Run with numpy 2.4 (no other package): `python tests/golden/make_awq_golden.py`.
The script shares no code with the engine. Formulas: llm-awq (asymmetric), AutoAWQ (symmetric),
arXiv 2306.00978 for the scale search and its Table 2. Steps are rounded to float16 before codes
and zero points are computed from them; rounding is half to even.

All inputs are integers times a power of two, so a reader gets the very same numbers. Inputs are
redrawn until nothing lies so close to a rounding tie that float32 could fall on the other side.
"""
import itertools
import json
import pathlib

import numpy as np

WEIGHT_UNIT = 2.0**-20
ACTIVATION_UNIT = 2.0**-4
TIE_MARGIN = 2e-6
MIN_RANGE = 1e-5


class Margin:
    """The smallest distance to a rounding tie seen so far."""

    def __init__(self):
        self.smallest = 0.5

    def see(self, values):
        values = np.asarray(values, dtype=np.float64)
        distance = np.abs(values - np.floor(values) - 0.5)
        self.smallest = min(self.smallest, float(distance.min(initial=0.5)))


def groups_of(in_features, group_size):
    group = in_features if group_size == 0 else group_size
    return [slice(start, min(start + group, in_features)) for start in range(0, in_features, group)]


def exact_step(block, bits, symmetric):
    """block [out, group] -> [out], not yet rounded to float16."""
    if symmetric:
        return np.maximum(np.abs(block).max(1), MIN_RANGE) / (2 ** (bits - 1) - 1)
    return np.maximum(block.max(1) - block.min(1), MIN_RANGE) / (2**bits - 1)


def round_group(block, bits, symmetric, margin):
    """block [out, group] -> codes, steps (float16 values), zero points, rounded weights."""
    step = exact_step(block, bits, symmetric).astype(np.float16).astype(np.float64)
    levels = block / step[:, None]
    margin.see(levels[np.abs(levels) < 2 ** (bits + 1)])
    top = 2**bits - 1
    if symmetric:
        zero = np.full(len(block), 2.0 ** (bits - 1))
    else:
        lowest = block.min(1) / step
        margin.see(lowest[np.abs(lowest) < 2 ** (bits + 1)])
        zero = np.clip(-np.rint(lowest), 0, top)
    codes = np.clip(np.rint(levels) + zero[:, None], 0, top)
    return codes, step, zero, (codes - zero[:, None]) * step[:, None]


def round_matrix(weights, bits, group_size, symmetric, margin):
    parts = [
        round_group(weights[:, columns], bits, symmetric, margin)
        for columns in groups_of(weights.shape[1], group_size)
    ]
    codes = np.concatenate([part[0] for part in parts], 1)
    steps = np.stack([part[1] for part in parts], 1)
    zeros = np.stack([part[2] for part in parts], 1)
    return codes, steps, zeros, np.concatenate([part[3] for part in parts], 1)


def integers(values):
    return np.asarray(values).astype(np.int64).ravel().tolist()


def special_rows(random, in_features):
    """Rows that bend the formulas: zeros, one constant, all positive, one huge weight."""
    zeros = np.zeros(in_features, np.int64)
    constant = np.full(in_features, 187139, np.int64)
    positive = random.integers(500_000, 1_000_000, in_features)
    spike = random.integers(-15_000, 15_000, in_features)
    spike[in_features // 2] = -2_304_257
    return np.stack([zeros, constant, positive, spike])


def rounding_case(bits, group_size, symmetric, out_features, in_features):
    for seed in itertools.count(1):
        random = np.random.default_rng([seed, bits, group_size, int(symmetric)])
        units = np.rint(random.normal(0, 80_000, (out_features, in_features))).astype(np.int64)
        units = np.concatenate([units, special_rows(random, in_features)])
        margin = Margin()
        codes, steps, zeros, _ = round_matrix(
            units * WEIGHT_UNIT, bits, group_size, symmetric, margin
        )
        if margin.smallest > TIE_MARGIN:
            break
    return {
        "bits": bits,
        "group_size": group_size,
        "symmetric": symmetric,
        "out_features": len(units),
        "in_features": in_features,
        "weight_units": integers(units),
        "codes": integers(codes),
        "step_bits": integers(steps.astype(np.float16).view(np.uint16)),
        "zero_points": integers(zeros),
    }


def rounding_cases():
    shapes = [(32, 64), (32, 80), (64, 72), (0, 50), (128, 130)]
    cases = []
    for index, bits in enumerate([2, 3, 4, 8]):
        for symmetric in [False, True]:
            for group_size, in_features in [shapes[index], shapes[index + 1]]:
                cases.append(rounding_case(bits, group_size, symmetric, 2, in_features))
    return cases


def search_inputs(seed, out_features=24, in_features=96, tokens=400):
    """Weights, and activations with three outlier channels and correlated columns."""
    random = np.random.default_rng([seed, 7])
    spread = np.exp(random.normal(0, 0.5, in_features))
    spread[[5, 41, 77]] *= [18.0, 9.0, 14.0]
    mixing = np.eye(in_features) + random.normal(0, 0.08, (in_features, in_features))
    latent = random.normal(0, 1, (tokens, in_features)) @ mixing * spread
    activation_units = np.clip(np.rint(latent / ACTIVATION_UNIT), -2000, 2000)
    weight_units = np.rint(random.normal(0, 80_000, (out_features, in_features)))
    return weight_units.astype(np.int64), activation_units.astype(np.int64)


def channel_scales(magnitude, alpha):
    scales = np.maximum(magnitude**alpha, 1e-4)
    return scales / np.sqrt(scales.max() * scales.min())


def alpha_curve(weights, activations, bits, group_size, symmetric, margin):
    tokens = len(activations)
    gram = activations.T @ activations
    magnitude = np.abs(activations).mean(0)
    by_gram, directly = [], []
    for i in range(20):
        scales = channel_scales(magnitude, i / 20)
        rounded = round_matrix(weights * scales, bits, group_size, symmetric, margin)[3]
        error = rounded / scales - weights
        by_gram.append(float(np.einsum("oi,ij,oj->", error, gram, error) / tokens))
        directly.append(float(((activations @ error.T) ** 2).sum() / tokens))
    assert np.allclose(by_gram, directly, rtol=1e-9), "the Gram form must be the loss itself"
    return {
        "bits": bits,
        "group_size": group_size,
        "symmetric": symmetric,
        "loss_by_gram": by_gram,
        "loss_from_activations": directly,
        "best_alpha": int(np.argmin(by_gram)) / 20,
    }


def clip_search(weights, gram, tokens, bits, group_size, symmetric, margin):
    """Ratio i: clamp at (1 - i/20) of the absmax, per row and group; the first smallest wins."""
    chosen, losses, smallest_gap = [], [], 1.0
    for columns in groups_of(weights.shape[1], group_size):
        block, diagonal = weights[:, columns], gram[columns, columns]
        limit = np.abs(block).max(1, keepdims=True)
        errors = []
        for i in range(10):
            clamped = np.clip(block, -limit * (1 - i / 20), limit * (1 - i / 20))
            error = round_group(clamped, bits, symmetric, margin)[3] - block
            errors.append(np.einsum("oi,ij,oj->o", error, diagonal, error) / tokens)
        errors = np.stack(errors)
        ordered = np.sort(errors, 0)
        smallest_gap = min(smallest_gap, float(((ordered[1] - ordered[0]) / ordered[0]).min()))
        chosen.append(errors.argmin(0))
        losses.append(ordered[0])
    return {
        "bits": bits,
        "group_size": group_size,
        "symmetric": symmetric,
        "chosen": integers(np.stack(chosen, 1)),
        "group_loss": np.stack(losses, 1).ravel().tolist(),
        "smallest_gap_to_second": smallest_gap,
    }


SEARCH_SCHEMES = [(4, 32, False), (3, 64, False), (3, 32, True)]


def search_case():
    for seed in itertools.count(1):
        weight_units, activation_units = search_inputs(seed)
        weights, activations = weight_units * WEIGHT_UNIT, activation_units * ACTIVATION_UNIT
        gram, tokens = activations.T @ activations, len(activations)
        margin = Margin()
        curves = [alpha_curve(weights, activations, *scheme, margin) for scheme in SEARCH_SCHEMES]
        clips = [
            clip_search(weights, gram, tokens, bits, 32, symmetric, margin)
            for bits, _, symmetric in SEARCH_SCHEMES
        ]
        gap = min(clip["smallest_gap_to_second"] for clip in clips)
        if margin.smallest > TIE_MARGIN and gap > 1e-4:
            break
    gram_units = activation_units.T @ activation_units
    return {
        "out_features": weights.shape[0],
        "in_features": weights.shape[1],
        "tokens": tokens,
        "outlier_channels": [5, 41, 77],
        "weight_units": integers(weight_units),
        "gram_lower_triangle_units": integers(gram_units[np.tril_indices(len(gram_units))]),
        "magnitude": np.abs(activations).mean(0).tolist(),
        "maximum": np.abs(activations).max(0).tolist(),
        "alphas": [i / 20 for i in range(20)],
        "curves": curves,
        "clip_ratios": [(20 - i) / 20 for i in range(10)],
        "clips": clips,
    }


def step_statistics(weights, salient, scale, bits, group_size, symmetric):
    scales = np.ones(weights.shape[1])
    scales[salient] = scale
    ratios = []
    for columns in groups_of(weights.shape[1], group_size):
        before = exact_step(weights[:, columns], bits, symmetric)
        after = exact_step((weights * scales)[:, columns], bits, symmetric)
        ratios.append(after / before)
    ratios = np.stack(ratios, 1)
    return {
        "scale": scale,
        "symmetric": symmetric,
        "changed_share": float((ratios != 1).mean()),
        "mean_step_ratio": float(ratios.mean()),
        "mean_error_ratio": float(ratios.mean() / scale),
    }


def step_case(out_features=12, in_features=512, bits=3, group_size=128):
    random = np.random.default_rng(20)
    weight_units = np.rint(random.normal(0, 80_000, (out_features, in_features))).astype(np.int64)
    magnitude_units = np.rint(np.exp(random.normal(2, 1, in_features)) * 16).astype(np.int64)
    order = np.argsort(-magnitude_units, kind="stable")
    salient = np.sort(order[:5])
    assert magnitude_units[order[4]] > magnitude_units[order[5]], "the top must be distinct"
    return {
        "out_features": out_features,
        "in_features": in_features,
        "bits": bits,
        "group_size": group_size,
        "weight_units": integers(weight_units),
        "magnitude_units": integers(magnitude_units),
        "salient_channels": integers(salient),
        "rows": [
            step_statistics(weight_units * WEIGHT_UNIT, salient, s, bits, group_size, symmetric)
            for symmetric in [False, True]
            for s in [1.25, 1.5, 2.0, 4.0]
        ],
    }


def main():
    golden = {
        "about": "Float64, by make_awq_golden.py. weight = weight_units * weight_unit, "
        "Gram entry = units * activation_unit^2 (summed over tokens, not divided); matrices are "
        "row-major; steps are float16 bits, [out, groups]; loss = tr(E G E^T) / tokens; the step "
        "statistics use exact steps, before they are rounded to float16.",
        "weight_unit": WEIGHT_UNIT,
        "activation_unit": ACTIVATION_UNIT,
        "rounding": rounding_cases(),
        "search": search_case(),
        "step_statistics": step_case(),
    }
    path = pathlib.Path(__file__).with_name("awq_golden.json")
    fields = ",\n".join(
        f'"{key}": {json.dumps(value, separators=(",", ":"))}' for key, value in golden.items()
    )
    path.write_text("{\n" + fields + "\n}\n", encoding="utf-8")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
