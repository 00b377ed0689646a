#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads AWQ exports as a stranger would: numpy and the public safetensors package, no code of ours.

    awq_unpack_test.py AWQ_DUMP

AWQ_DUMP writes exports and the engine's dequantized weights into a folder. Runs in the interpreter
that SALIENT_ORACLE_PYTHON names, if it is set. Exit status 77 where numpy or safetensors is missing.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

oracle = os.environ.pop("SALIENT_ORACLE_PYTHON", None)
if oracle and os.path.exists(oracle):
    os.execv(oracle, [oracle, *sys.argv])

try:
    import numpy as np
    from safetensors.numpy import load_file
except ImportError as missing:
    print(f"SKIPPED: {missing}; install numpy and safetensors")
    sys.exit(77)

from awq_format import dequantized  # noqa: E402


def check(folder):
    model = folder / "model"
    config = json.loads((model / "config.json").read_text())["quantization_config"]
    assert config["quant_method"] == "awq" and config["version"] == "gemm", config
    assert config["bits"] == 4 and config["zero_point"] is True, config
    tensors = load_file(model / "model.safetensors")
    checked = 0
    for path in sorted((folder / "weights").glob("*.npy")):
        name = path.name.removesuffix(".npy")
        engine = np.load(path)
        if name in config["modules_to_not_convert"]:
            ours = tensors[name + ".weight"].astype(np.float32)
            assert np.array_equal(ours, engine.astype(np.float16).astype(np.float32)), name
        else:
            ours = dequantized(tensors, name, config["group_size"])
            assert ours.shape == engine.shape, (name, ours.shape, engine.shape)
            assert np.array_equal(ours, engine), (name, np.abs(ours - engine).max())
        checked += 1
    assert checked == 14, checked
    for name, tensor in tensors.items():
        assert tensor.dtype in (np.float16, np.int32), (name, tensor.dtype)
    print(f"{folder.name}: {checked} linears equal")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        for case in sorted(pathlib.Path(folder).iterdir()):
            check(case)


main()
