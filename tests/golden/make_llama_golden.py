# SPDX-License-Identifier: Apache-2.0
"""Writes llama_golden.json: logits of tiny Llama models by transformers, for the decoder's tests.

Run with torch and transformers 5 (`python tests/golden/make_llama_golden.py`). Weights are not
stored: element i of tensor `name` is made from splitmix64(fnv1a(name) + i), which the test repeats
(tests/model/golden_weights.cpp). The models differ in what a family row has to get right:
grouped-query attention, a head_dim that is not hidden/heads, biases, tied heads, scaled rotary.
"""
import json
import pathlib

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

MASK = 2**64 - 1


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def uniform(name, count):
    """count numbers in [-0.5, 0.5), multiples of 2^-24."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(fnv1a(name)) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24 - 0.5


def weights(name, shape):
    values = uniform(name, int(np.prod(shape))).reshape(shape)
    return values * 0.5 + 1.0 if "norm" in name else values


BASE = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 44,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 8,
    "vocab_size": 48,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
VARIANTS = {
    "grouped-query attention": {"num_key_value_heads": 2},
    "one KV head, head_dim 6, tied": {
        "num_key_value_heads": 1,
        "head_dim": 6,
        "hidden_size": 40,
        "tie_word_embeddings": True,
    },
    "biases everywhere": {"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 2},
    "llama3 rope": {
        "rope_scaling": LLAMA3,
        "rope_theta": 500.0,
        "head_dim": 16,
        "max_position_embeddings": 128,
    },
    "linear rope": {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
}


def case(name, changes):
    config = BASE | changes
    model = LlamaForCausalLM(LlamaConfig(**config, attn_implementation="eager")).eval()
    for key, tensor in model.state_dict().items():
        # A tied head is the embedding itself: writing it under its own name would change both.
        if key == "lm_head.weight" and config["tie_word_embeddings"]:
            continue
        tensor.copy_(torch.from_numpy(weights(key, tuple(tensor.shape))))
    ids = [int(i) for i in (uniform("ids of " + name, 20) + 0.5) * config["vocab_size"]]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double().numpy()
    return {
        "name": name,
        "config": config,
        "ids": ids,
        "logits": [float(f"{x:.6g}") for x in logits.ravel()],
    }


def main():
    golden = {
        "about": "Logits [tokens, vocab] of tiny random Llama models by transformers in float32; "
        "made by make_llama_golden.py.",
        "cases": [case(name, changes) for name, changes in VARIANTS.items()],
    }
    path = pathlib.Path(__file__).with_name("llama_golden.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
