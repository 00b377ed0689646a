#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes smollm_tokenizer.json: ids of texts under the demo model's vocabulary.

usage: smollm_tokenizer.py SmolLM2-135M-Instruct.Q4_1.gguf   (needs tokenizers and gguf)

The oracle is a BPE of the `tokenizers` package over the vocabulary and merges of the GGUF, with the
pre-tokenizer that "smollm" means: every digit alone, then byte-level without a prefix space. The
part of the vocabulary that these texts can reach is kept too ("tokens": text and id; "merges"), so
that the test needs no model: leaving out merges whose result is in no text changes no result.
"""
import json
import pathlib
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

TEXTS = [
    "Hello world",
    " Hello, world!  This is   a test.\n\n\tIndented line\r\n",
    "In 1969 about 600,000,000 people watched; 3.14159 ½ ²³ ٣٤ Ⅷ.",
    "I'm sure they'll say we've won, he'd think it's fine, 'tis so, DON'T.",
    "Grüße aus München, naïve café, smörgåsbord, Ærøskøbing",
    "Привет, мир! Как дела? Сегодня 22 ноября.",
    "こんにちは世界。今日は良い天気ですね。東京2020",
    "你好，世界！人工智能正在改变我们的生活。",
    "안녕하세요 세계, 만나서 반갑습니다",
    "مرحبا بالعالم، كيف حالك؟ שלום עולם",
    "नमस्ते दुनिया, यह एक परीक्षण है। สวัสดีชาวโลก",
    "🦙.cpp 👩‍👩‍👧‍👦 🇩🇪 ✨→ ∀x∈ℝ: ⌈x⌉ ≥ x",
    "def f(x):\n    return x ** 2 + 1  # comment\n\n\nclass A:\n\tpass\n",
    "<html><body class=\"a-b_c\">&nbsp;</body></html>",
    "{\"key\": [1, 2.5e-3, null, true], \"x\": \"\\u00e9\"}",
    "https://example.com/path?query=1&other=%20#fragment",
    "   leading and trailing   ",
    "\n\n\n",
    "                                                                    x",
    "a" * 200,
    "aAbBcC" * 40 + " " + "ab" * 300,
    "e\u0301 is not é, and \u200b zero width, \u00a0 no-break, \u3000 wide",
    "ſharp 'ſ K (Kelvin) ǅ",
    "Line\u2028separator\u2029paragraph\x85next\x1cfile\x0bvt\x0cff",
    "<|im_start|>user\nIs <|im_end|> a token?<|im_end|>\n<|im_start|>assistant\n",
]


def reachable(tokens, merges, types):
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    spelled = "\n".join(pre_tokenizer.pre_tokenize_str(text)[0][0] for text in TEXTS)
    kept = [m for m in merges if m.replace(" ", "", 1) in spelled]
    wanted = {part for m in kept for part in [*m.split(" ", 1), m.replace(" ", "", 1)]}
    pairs = [
        [token, i]
        for i, token in enumerate(tokens)
        if token in wanted or len(token) == 1 or types[i] == 3
    ]
    return pairs, kept


def main():
    fields = gguf.GGUFReader(sys.argv[1]).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    vocab = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab, [tuple(m.split(" ", 1)) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    plain = [tokenizer.encode(text).ids for text in TEXTS]
    control = [t for t, kind in zip(tokens, types) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    parsed = [tokenizer.encode(text).ids for text in TEXTS]
    pairs, kept = reachable(tokens, merges, types)
    golden = {
        "control": control,
        "tokens": pairs,
        "merges": kept,
        "texts": [
            {"text": text, "plain": p, **({"parsed": q} if p != q else {})}
            for text, p, q in zip(TEXTS, plain, parsed)
        ],
    }
    out = pathlib.Path(__file__).with_suffix(".json")
    out.write_text(json.dumps(golden, ensure_ascii=False) + "\n")


main()
