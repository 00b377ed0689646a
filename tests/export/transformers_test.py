#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads exports with transformers and compares what it computes with what the engine does.

    transformers_test.py SALIENT TOY [DEMO]

The FP16 export is loaded as it is. The AWQ export's own kernels need a GPU, so its linears are
dequantized here and put into the model that its config describes. DEMO, a GGUF file, is left out
where it is absent. Runs in the interpreter that SALIENT_ORACLE_PYTHON names, if it is set. Exit
status 77 where torch or transformers is missing.
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

os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import numpy as np
    import torch
    import transformers
    from safetensors.numpy import load_file
except ImportError as missing:
    print(f"SKIPPED: {missing}; set SALIENT_ORACLE_PYTHON to a Python with torch and transformers")
    sys.exit(77)

from awq_format import dequantized  # noqa: E402

SALIENT = sys.argv[1]
# Of the largest logit: both sides compute in float32.
TOLERANCE = 1e-4
TEXT = "The river runs past nine old mills, and 1234 wheels turn.\n  Each one — slowly: été 🙂 <|im_end|>"


def salient(*words, text=None):
    return subprocess.run([SALIENT, *map(str, words)], input=text, check=True, capture_output=True,
                          text=True).stdout


def engine_logits(folder, ids):
    file = folder.parent / "logits.npy"
    salient("logits", folder, "--ids", ",".join(map(str, ids)), "-o", file)
    return np.load(file)


def compare_tokenizer(folder):
    """The same ids and the same prompt; returns the ids."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ours = [int(word) for word in salient("tokenize", folder, "--special", text=TEXT).split()]
    theirs = tokenizer(TEXT)["input_ids"]
    assert ours == theirs, (ours, theirs)
    assert tokenizer.decode(theirs) == TEXT, tokenizer.decode(theirs)
    if tokenizer.chat_template:
        messages = [{"role": "user", "content": "Why?"}]
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert "Why?" in prompt and prompt.rstrip().endswith("assistant"), prompt
    return theirs


def compare_logits(model, folder, ids, what):
    with torch.no_grad():
        theirs = model.float().eval()(torch.tensor([ids])).logits[0].numpy()
    ours = engine_logits(folder, ids)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    apart = float(np.abs(ours - theirs).max())
    assert np.isfinite(theirs).all() and apart <= TOLERANCE * np.abs(theirs).max(), (what, apart)
    assert (ours.argmax(1) == theirs.argmax(1)).mean() > 0.97, what
    print(f"{what}: {len(ids)} equal ids, logits {apart:.2e} apart, largest {np.abs(theirs).max():.1f}")


def check_fp16(folder, what):
    ids = compare_tokenizer(folder)
    model, loading = transformers.AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True)
    assert not loading["missing_keys"] and not loading["unexpected_keys"], loading
    compare_logits(model, folder, ids, what)


def check_awq(folder, what):
    ids = compare_tokenizer(folder)
    config = transformers.AutoConfig.from_pretrained(folder)
    quantization = config.quantization_config
    assert quantization["quant_method"] == "awq" and quantization["bits"] == 4, quantization
    stored = load_file(folder / "model.safetensors")
    weights = {}
    for name, tensor in stored.items():
        linear, _, part = name.rpartition(".")
        if part == "qweight":
            tensor = dequantized(stored, linear, quantization["group_size"])
            name = linear + ".weight"
        elif part in ("qzeros", "scales"):
            continue
        weights[name] = torch.tensor(tensor.astype(np.float32))
    plain = json.loads((folder / "config.json").read_text())
    del plain["quantization_config"], plain["torch_dtype"]
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**plain))
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    compare_logits(model, folder, ids, what)


def main():
    sources = {"toy": pathlib.Path(sys.argv[2])}
    if len(sys.argv) > 3 and os.path.exists(sys.argv[3]):
        sources["demo"] = pathlib.Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            awq = pathlib.Path(folder) / f"{name}-awq"
            fp16 = pathlib.Path(folder) / f"{name}-fp16"
            salient("quantize", source, "-o", awq, "--samples", 1, "--seq-len", 64, "--no-clip",
                    "-g", 64, "--format", "awq")
            salient("export", awq, "--format", "fp16", "--source", source, "-o", fp16)
            check_fp16(fp16, f"{name}, FP16")
            check_awq(awq, f"{name}, AWQ")


main()
