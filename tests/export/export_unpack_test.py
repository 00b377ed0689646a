#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads exports as a stranger would: numpy and the public safetensors and gguf packages, no code of
ours.

    export_unpack_test.py EXPORT_DUMP

EXPORT_DUMP writes exports and the engine's dequantized weights into a folder. Runs in the
interpreter that SALIENT_ORACLE_PYTHON names, if it is set. Exit status 77 where a package is
missing.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

oracle = os.environ.pop("SALIENT_ORACLE_PYTHON", None)
if oracle and os.path.exists(oracle):
    os.execv(oracle, [oracle, *sys.argv])

try:
    import gguf
    import numpy as np
    from safetensors.numpy import load_file
except ImportError as missing:
    print(f"SKIPPED: {missing}; install numpy, safetensors and gguf")
    sys.exit(77)

import awq_format  # noqa: E402

LINEARS = 14


def load_bfloat16(path):
    """safetensors with bfloat16, which numpy does not know, as float32."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "BF16", (name, entry)
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        bits = np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16
        tensors[name] = bits.view(np.float32).reshape(entry["shape"])
    return tensors


def load_model(model, dtype):
    """Every shard, each with exactly the tensors that the index promises."""
    load = load_bfloat16 if dtype == "bfloat16" else load_file
    index = json.loads((model / "model.safetensors.index.json").read_text())["weight_map"]
    tensors = {}
    for shard in sorted(set(index.values())):
        part = load(model / shard)
        assert set(part) == {name for name, file in index.items() if file == shard}, shard
        tensors |= part
    return tensors


def bit_stream(words, bits, count):
    """int32 [..., words] to the first `count` little-endian codes of every row."""
    rows = np.ascontiguousarray(words.reshape(-1, words.shape[-1]).astype("<i4"))
    stream = np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")[:, : count * bits]
    codes = stream.reshape(len(rows), count, bits) @ (1 << np.arange(bits))
    return codes.reshape(*words.shape[:-1], count)


def awq(tensors, name, config):
    return awq_format.dequantized(tensors, name, config["group_size"])


def gptq(tensors, name, config):
    settings = dict(config)
    for pattern, override in config.get("dynamic", {}).items():
        if re.match(pattern[2:], name):
            assert pattern.startswith("+:"), pattern
            settings |= override
    bits = settings["bits"]
    order = tensors[name + ".g_idx"]
    outputs = tensors[name + ".scales"].shape[1]
    codes = bit_stream(tensors[name + ".qweight"].T, bits, len(order))  # [out, in]
    zeros = bit_stream(tensors[name + ".qzeros"], bits, outputs)
    if config["checkpoint_format"] == "gptq":
        assert settings["sym"] and (zeros == (1 << (bits - 1)) - 1).all(), name
        zeros = zeros + 1
    group = len(order) if settings["group_size"] == -1 else settings["group_size"]
    assert np.array_equal(order, np.arange(len(order)) // group), name
    steps = tensors[name + ".scales"].astype(np.float32)
    return (codes - zeros.T[:, order]) * steps.T[:, order]


def compressed_tensors(tensors, name, config):
    groups = config["config_groups"].values()
    weights = [g["weights"] for g in groups if name in g["targets"] or g["targets"] == ["Linear"]]
    assert len(weights) == 1, name
    bits = weights[0]["num_bits"]
    rows, columns = tensors[name + ".weight_shape"].tolist()
    assert tensors[name + ".weight_shape"].dtype == np.int64
    codes = bit_stream(tensors[name + ".weight_packed"], bits, columns)
    if weights[0]["symmetric"]:
        assert name + ".weight_zero_point" not in tensors
        zeros = np.full((rows, 1), 1 << (bits - 1))
    else:
        zeros = bit_stream(tensors[name + ".weight_zero_point"].T, bits, rows).T
    steps = tensors[name + ".weight_scale"].astype(np.float32)
    group = columns if weights[0]["strategy"] == "channel" else weights[0]["group_size"]
    assert steps.shape == (rows, columns // group), name
    zeros = np.broadcast_to(zeros, steps.shape)
    return (codes - np.repeat(zeros, group, axis=1)) * np.repeat(steps, group, axis=1)


def is_kept(name, config):
    if config["quant_method"] == "awq":
        return name in config["modules_to_not_convert"]
    if config["quant_method"] == "compressed-tensors":
        return name in config["ignore"]
    return any(p[0] == "-" and re.match(p[2:], name) for p in config.get("dynamic", {}))


READERS = {"awq": awq, "gptq": gptq, "compressed-tensors": compressed_tensors}


def bfloat16(values):
    """Nearest, ties to even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)


def check_folder(folder):
    model = folder / "model"
    config = json.loads((model / "config.json").read_text())
    tensors = load_model(model, config["torch_dtype"])
    quantization = config.get("quantization_config")
    narrow = bfloat16 if config["torch_dtype"] == "bfloat16" else np.float16
    checked = 0
    for path in sorted((folder / "weights").glob("*.npy")):
        name = path.name.removesuffix(".npy")
        engine = np.load(path)
        if quantization is None or is_kept(name, quantization):
            ours = tensors[name + ".weight"].astype(np.float32)
            engine = narrow(engine).astype(np.float32)
        else:
            assert name + ".weight" not in tensors, name
            ours = READERS[quantization["quant_method"]](tensors, name, quantization)
        assert ours.shape == engine.shape, (name, ours.shape, engine.shape)
        assert np.array_equal(ours, engine), (name, np.abs(ours - engine).max())
        checked += 1
    assert checked == LINEARS, checked
    for courtesy in ("quantize_config.json",):
        if quantization and quantization["quant_method"] == "gptq":
            assert json.loads((model / courtesy).read_text()) == quantization
    print(f"{folder.name}: {checked} linears equal")


def gguf_name(linear):
    names = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output"}
    names |= {kind + "_proj": "ffn_" + kind for kind in ("gate", "up", "down")}
    _, _, block, _, kind = linear.split(".")
    return f"blk.{block}.{names[kind]}.weight"


def in_family_order(rows, heads):
    """llama.cpp interleaves the two halves of every head of q and k."""
    head_dim = rows.shape[0] // heads
    return rows.reshape(heads, head_dim // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def check_gguf(folder, file):
    reader = gguf.GGUFReader(file)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "llama" and fields["llama.block_count"] == 2
    assert fields["tokenizer.ggml.model"] == "gpt2" and fields["tokenizer.ggml.pre"] == "gpt-2"
    assert len(fields["tokenizer.ggml.tokens"]) == fields["llama.vocab_size"]
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    own = gguf.GGMLQuantizationType[file.stem.rsplit("-", 1)[1]]
    types = {own, gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.F16}
    checked = 0
    for path in sorted((folder / "weights").glob("*.npy")):
        name = path.name.removesuffix(".npy")
        engine = np.load(path)
        tensor = tensors.pop(gguf_name(name))
        assert tensor.tensor_type in types, (name, tensor.tensor_type)
        assert tensor.shape.tolist() == list(engine.shape[::-1]), (name, tensor.shape)
        ours = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        slack = 0
        if tensor.tensor_type == gguf.GGMLQuantizationType.F16:
            engine = engine.astype(np.float16).astype(np.float32)
        if tensor.tensor_type == gguf.GGMLQuantizationType.Q4_1:
            # The minimum is a float16: half a unit of its last place may be missing.
            minima = tensor.data.reshape(-1, 20)[:, 2:4].copy().view(np.float16)
            slack = np.repeat(np.abs(minima.astype(np.float32)) / 2048, 32, axis=1)
            slack = slack.reshape(engine.shape)
        if ".q_proj" in name or ".k_proj" in name:
            heads = fields["llama.attention.head_count" + ("_kv" if ".k_proj" in name else "")]
            ours = in_family_order(ours, heads)
            slack = in_family_order(np.broadcast_to(slack, engine.shape), heads)
        assert (np.abs(ours - engine) <= slack).all(), (name, np.abs(ours - engine).max())
        checked += 1
    assert checked == LINEARS, checked
    left = {"token_embd.weight", "output.weight", "output_norm.weight"}
    for block in range(2):
        left |= {f"blk.{block}.{norm}.weight" for norm in ("attn_norm", "ffn_norm")}
        left |= {f"blk.{block}.attn_{kind}.bias" for kind in ("q", "k", "v", "output")}
    assert set(tensors) == left, set(tensors) ^ left
    print(f"{folder.name}: {checked} linears equal")


def check(folder):
    files = list((folder / "model").glob("*.gguf"))
    if files:
        check_gguf(folder, files[0])
    else:
        check_folder(folder)


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        for case in sorted(pathlib.Path(folder).iterdir()):
            check(case)


main()
