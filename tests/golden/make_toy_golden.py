# SPDX-License-Identifier: Apache-2.0
"""Writes toy_logits.json: what transformers computes for the bundled toy model, in float32.

Python 3.11, torch 2.15.0, transformers 5.23.0, numpy 2.4.6:
`python tests/golden/make_toy_golden.py`. Prints the figures of resources/toy/README.md too.
"""
import json
import math
import pathlib

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW = 512
SLICE_WINDOWS = 4
TEXT = (
    "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n"
    "Das Wasser kocht bei 100 °C, l'eau bout à 100 °C, 水在100度沸腾。 if (x <= 42) return;"
)


def evaluation_text():
    """The text that `salient eval` takes by default: the files by name, with "\\n\\n" between."""
    files = sorted((ROOT / "resources/evaluation").glob("*.txt"))
    return "\n\n".join(path.read_text("utf-8") for path in files)


def perplexity(model, ids, windows):
    """Non-overlapping windows, no BOS, the first token of a window is not predicted."""
    total = 0.0
    for i in range(windows):
        row = torch.tensor([ids[i * WINDOW : (i + 1) * WINDOW]])
        logits = model(row).logits[0, :-1].double()
        total += torch.nn.functional.cross_entropy(logits, row[0, 1:], reduction="sum").item()
    return math.exp(total / (windows * (WINDOW - 1)))


def answer(model, tokenizer, prompt):
    turn = [{"role": "user", "content": prompt}]
    prompt_ids = tokenizer.apply_chat_template(turn, add_generation_prompt=True)["input_ids"]
    out = model.generate(torch.tensor([prompt_ids]), max_new_tokens=120, do_sample=False)
    return tokenizer.decode(out[0, len(prompt_ids) :], skip_special_tokens=True)


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    folder = ROOT / "resources/toy"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer(TEXT).input_ids
    logits = model(torch.tensor([ids])).logits[0]
    evaluation = tokenizer(evaluation_text()).input_ids
    windows = len(evaluation) // WINDOW
    golden = {
        "about": "Float32 by transformers (make_toy_golden.py). perplexity: non-overlapping windows "
        "of slice.ids, the first tokens of resources/evaluation, no BOS; the first token of a "
        "window is not predicted.",
        "text": TEXT,
        "ids": ids,
        "rows": [
            {"position": p, "logits": [round(x, 6) for x in logits[p].tolist()]}
            for p in [0, len(ids) // 2, len(ids) - 1]
        ],
        "slice": {
            "window": WINDOW,
            "windows": SLICE_WINDOWS,
            "ids": evaluation[: WINDOW * SLICE_WINDOWS],
            "perplexity": round(perplexity(model, evaluation, SLICE_WINDOWS), 6),
        },
    }
    path = pathlib.Path(__file__).with_name("toy_logits.json")
    fields = ",\n".join(
        f'"{key}": {json.dumps(value, separators=(",", ":"), ensure_ascii=False)}'
        for key, value in golden.items()
    )
    path.write_text("{\n" + fields + "\n}\n", encoding="utf-8")
    print(path.name, path.stat().st_size, "bytes,", len(ids), "ids")
    print("evaluation text:", len(evaluation), "tokens,", windows, "windows, perplexity",
          f"{perplexity(model, evaluation, windows):.2f}")
    for prompt in (ROOT / "resources/prompts.txt").read_text("utf-8").splitlines():
        print("-", prompt, "->", repr(answer(model, tokenizer, prompt)))


if __name__ == "__main__":
    main()
