#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantizes the toy once, exports the run in other formats, opens each export again and compares
its perplexity with the run's: equal to four digits.

    reimport_test.py SALIENT TOY
"""
import json
import pathlib
import subprocess
import sys
import tempfile

SALIENT, TOY = sys.argv[1:]
FORMATS = ["awq", "gguf-q4_0", "gguf-q4_1", "gguf-q8_0", "fp16-fake"]


def salient(*words):
    return subprocess.run([SALIENT, *map(str, words)], check=True, capture_output=True,
                          text=True).stdout


def perplexity(model):
    return json.loads(salient("eval", model, "--window", 128, "--chunks", 2, "--json"))["perplexity"]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run = folder / "run"
        salient("quantize", TOY, "--sym", "-g", 32, "--samples", 4, "--seq-len", 64, "--format",
                "run", "-o", run)
        wanted = perplexity(run)
        for key in FORMATS:
            out = folder / key
            salient("export", run, "--format", key, "-o", out)
            files = list(out.glob("*.gguf"))
            found = perplexity(files[0] if files else out)
            assert f"{found:.4g}" == f"{wanted:.4g}", (key, found, wanted)
            print(f"{key}: {found:.6g}, the run {wanted:.6g}")


main()
