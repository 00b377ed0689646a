# SPDX-License-Identifier: Apache-2.0
"""Writes family_golden.json: logits of tiny models of every family by transformers, in float32.

Run with torch 2.15.0 and transformers 5.23.0 (`python tests/golden/make_family_golden.py`). Weights
are not stored: element i of tensor `name` is made from splitmix64(fnv1a(name) + i), as in
make_llama_golden.py, and the test repeats it. The configs are in the words of files in the wild, of
both generations; `names` drops or replaces a prefix of the tensors as such files do.
"""
import json
import pathlib

import numpy as np
import torch
from make_llama_golden import uniform
from transformers import AutoConfig, AutoModelForCausalLM

TOKENS = 48


def weights(name, shape):
    values = uniform(name, int(np.prod(shape))).reshape(shape)
    if len(shape) == 1:
        return values * 0.5 + 1.0 if name.endswith("weight") else values * 0.5
    return values


GATED = {
    "hidden_size": 32,
    "intermediate_size": 44,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 40,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
}
LLAMA = GATED | {"model_type": "llama", "tie_word_embeddings": False}
GEMMA = {key: value for key, value in GATED.items() if key != "hidden_act"} | {
    "head_dim": 10,
    "hidden_activation": "gelu_pytorch_tanh",
}
OPT = {
    "model_type": "opt",
    "hidden_size": 33,
    "ffn_dim": 52,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "vocab_size": 40,
    "max_position_embeddings": 50,
    "word_embed_proj_dim": 33,
    "do_layer_norm_before": True,
    "activation_function": "relu",
    "bos_token_id": 2,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
MPT = {
    "model_type": "mpt",
    "d_model": 35,
    "n_heads": 5,
    "n_layers": 2,
    "expansion_ratio": 4,
    "max_seq_len": 64,
    "vocab_size": 40,
    "no_bias": True,
    "attn_config": {"alibi": True, "alibi_bias_max": 8, "clip_qkv": None},
}
FALCON = {
    "model_type": "falcon",
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "vocab_size": 40,
    "layer_norm_epsilon": 1e-5,
    "bias": False,
    "alibi": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
BLOOM = {
    "model_type": "bloom",
    "hidden_size": 35,
    "n_head": 5,
    "n_layer": 2,
    "n_inner": None,
    "vocab_size": 40,
    "layer_norm_epsilon": 1e-5,
    "apply_residual_connection_post_layernorm": False,
}
NEOX = {
    "model_type": "gpt_neox",
    "hidden_size": 36,
    "intermediate_size": 50,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 40,
    "max_position_embeddings": 64,
    "rotary_pct": 0.5,
    "rotary_emb_base": 10000,
    "layer_norm_eps": 1e-5,
    "hidden_act": "gelu",
    "use_parallel_residual": True,
    "tie_word_embeddings": False,
}
GPT2 = {
    "model_type": "gpt2",
    "n_embd": 36,
    "n_layer": 2,
    "n_head": 4,
    "n_inner": None,
    "n_positions": 64,
    "n_ctx": 64,
    "vocab_size": 40,
    "layer_norm_epsilon": 1e-5,
    "activation_function": "gelu_new",
}
PHI3 = GATED | {
    "model_type": "phi3",
    "original_max_position_embeddings": 32,
    "sliding_window": 16,
    "tie_word_embeddings": False,
}
LONG = {
    "type": "longrope",
    "short_factor": [1.0, 1.1, 1.2, 1.5],
    "long_factor": [1.0, 2.5, 4.0, 6.5],
}
CASES = {
    "llama": (LLAMA, None),
    "llama, odd head size, tied": (
        LLAMA | {"head_dim": 6, "num_key_value_heads": 1, "tie_word_embeddings": True},
        None,
    ),
    "llama, no prefix": (LLAMA, ("model.", "")),
    "llama, dynamic rope": (
        LLAMA
        | {
            "max_position_embeddings": 32,
            "rope_scaling": {"type": "dynamic", "factor": 2.0},
        },
        None,
    ),
    "llama, yarn rope": (
        LLAMA
        | {
            "rope_theta": 300.0,
            "rope_scaling": {
                "rope_type": "yarn",
                "factor": 4.0,
                "original_max_position_embeddings": 16,
            },
        },
        None,
    ),
    "llama, rope parameters of the second generation": (
        {key: value for key, value in LLAMA.items() if key != "rope_theta"}
        | {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0}},
        None,
    ),
    "mistral": (GATED | {"model_type": "mistral", "sliding_window": 16}, None),
    "mistral, no window": (
        GATED | {"model_type": "mistral", "sliding_window": None, "head_dim": 12},
        None,
    ),
    "qwen2": (
        GATED | {"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 16},
        None,
    ),
    "qwen2, windows from layer 1, tied": (
        GATED
        | {
            "model_type": "qwen2",
            "use_sliding_window": True,
            "sliding_window": 16,
            "max_window_layers": 1,
            "tie_word_embeddings": True,
        },
        None,
    ),
    "qwen3": (GATED | {"model_type": "qwen3", "head_dim": 10}, None),
    "qwen3, biases, tied": (
        GATED
        | {
            "model_type": "qwen3",
            "head_dim": 8,
            "attention_bias": True,
            "tie_word_embeddings": True,
        },
        None,
    ),
    "phi3": (PHI3, None),
    "phi3, long rope beyond the original length": (
        PHI3
        | {"max_position_embeddings": 128, "rope_scaling": LONG, "sliding_window": None},
        None,
    ),
    "phi3, long rope within the original length, partial": (
        PHI3
        | {
            "max_position_embeddings": 256,
            "original_max_position_embeddings": 64,
            "partial_rotary_factor": 0.75,
            "rope_scaling": {
                "type": "longrope",
                "short_factor": [1.0, 1.1, 1.2],
                "long_factor": [1.0, 2.5, 4.0],
            },
            "num_key_value_heads": 1,
        },
        None,
    ),
    "gemma": (GEMMA | {"model_type": "gemma"}, None),
    "gemma2": (
        GEMMA
        | {
            "model_type": "gemma2",
            "sliding_window": 16,
            "query_pre_attn_scalar": 24,
            "attn_logit_softcapping": 5.0,
            "final_logit_softcapping": 3.0,
        },
        None,
    ),
    "gemma3_text": (
        GEMMA
        | {
            "model_type": "gemma3_text",
            "num_hidden_layers": 4,
            "sliding_window": 16,
            "sliding_window_pattern": 3,
            "query_pre_attn_scalar": 24,
            "rope_theta": 1000000.0,
            "rope_local_base_freq": 10000.0,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        },
        None,
    ),
    "opt": (OPT, None),
    "opt, names of old files": (OPT, ("model.decoder.", "decoder.")),
    "opt, post norm, projections": (
        OPT | {"do_layer_norm_before": False, "word_embed_proj_dim": 20},
        None,
    ),
    "opt, gelu, no biases": (OPT | {"activation_function": "gelu", "enable_bias": False}, None),
    "mpt": (MPT, None),
    "mpt, clip_qkv": (
        MPT | {"attn_config": {"alibi": True, "alibi_bias_max": 8, "clip_qkv": 1.0}},
        None,
    ),
    "falcon 7b": (FALCON | {"multi_query": True, "parallel_attn": True}, None),
    "falcon 7b, biases": (FALCON | {"multi_query": True, "bias": True}, None),
    "falcon 40b": (FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2}, None),
    "falcon 2": (
        FALCON
        | {
            "new_decoder_architecture": True,
            "num_kv_heads": 2,
            "num_ln_in_parallel_attn": 1,
            "ffn_hidden_size": 70,
        },
        None,
    ),
    "falcon rw": (
        FALCON | {"multi_query": False, "parallel_attn": False, "alibi": True, "bias": True},
        None,
    ),
    "bloom": (BLOOM, None),
    "bloom, no prefix": (BLOOM, ("transformer.", "")),
    "gpt_neox": (NEOX, ("lm_head.", "embed_out.")),
    "gpt_neox, sequential residual": (
        NEOX | {"use_parallel_residual": False, "rotary_pct": 1.0, "hidden_size": 40},
        ("lm_head.", "embed_out."),
    ),
    "gpt2": (GPT2, None),
    "gpt2, no prefix": (GPT2, ("transformer.", "")),
    "gpt2, odd heads, scaled by layer": (
        GPT2 | {"n_embd": 35, "n_head": 5, "scale_attn_by_inverse_layer_idx": True, "n_inner": 41},
        None,
    ),
}


def case(name, config, rename):
    settings = dict(config)
    torch.manual_seed(0)
    parsed = AutoConfig.for_model(settings.pop("model_type"), **settings)
    # Falcon's eager attention adds ALiBi twice in this version of transformers.
    attention = "sdpa" if config.get("alibi") else "eager"
    model = AutoModelForCausalLM.from_config(parsed, attn_implementation=attention).float().eval()
    tensors = []
    seen = set()
    for key, tensor in model.state_dict().items():
        if tensor.data_ptr() in seen or not tensor.dtype.is_floating_point:
            continue
        seen.add(tensor.data_ptr())
        tensor.copy_(torch.from_numpy(weights(key, tuple(tensor.shape))))
        stored = key
        if rename and key.startswith(rename[0]):
            stored = rename[1] + key[len(rename[0]) :]
        tensors.append([key, stored, list(tensor.shape)])
    ids = [int(i) for i in (uniform("ids of " + name, TOKENS) + 0.5) * config["vocab_size"]]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].double().numpy()
    rows = list(range(0, TOKENS, 5)) + [TOKENS - 1]
    return {
        "name": name,
        "config": config,
        "tensors": tensors,
        "ids": ids,
        "largest": float(f"{abs(logits).max():.6g}"),
        "rows": rows,
        "logits": [float(f"{x:.6g}") for x in logits[rows].ravel()],
    }


def main():
    golden = {
        "about": "Logits of tiny random models of every family by transformers in float32; made by "
        "make_family_golden.py. A tensor is [name in transformers, name in the file, shape].",
        "cases": [case(name, config, rename) for name, (config, rename) in CASES.items()],
    }
    path = pathlib.Path(__file__).with_name("family_golden.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    for made in golden["cases"]:
        print(made["name"], made["largest"])
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
