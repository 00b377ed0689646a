#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tokenizer_json.json: small tokenizer.json files, one for each way of cutting text that real
models use, with the ids and decoded texts of the `tokenizers` package.

usage: tokenizer_json.py   (needs tokenizers)

The vocabularies are trained on the sentences below, so they mean nothing; the pipeline counts.
"""
import json
import pathlib

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

CORPUS = [
    "The river was low in the summer, and the stones lay bare under the old bridge.",
    "In the summer of 1987 the three of them walked 240 miles along the river.",
    "They're sure we'll come; I've said it's fine, and you'd better not be late!",
    "def walk(river, miles=240):\n    return [stone for stone in river if stone.bare]\n",
    "Der Fluß führte im Sommer wenig Wasser; die Brücke lag über den Steinen.",
    "Река летом мелкая, под старым мостом лежат камни.",
    "夏の川は水が少ない。橋の下に石がある。",
]

TEXTS = [
    "The river was low.",
    "  two  spaces, then\ttab\n\n and lines  ",
    "They'LL walk 12345 miles, won't they?",
    "x = stone[1]; # naïve ﬁle №5 Ⅷ",
    "Река и 川 and 🦙!",
    "<s>control</s> in text <mark> and<mark>more  <mark>  x",
    "word wordy sword word",
    "",
    " ",
    "e\u0301 vs é, ÀÉ, ½",
]

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(pre, normalizer=None, size=420, byte_level=True, specials=("<s>", "</s>"), **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else []
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(specials),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def with_fallback(tokenizer, **options):
    """The same vocabulary with 256 byte tokens and byte_fallback."""
    data = json.loads(tokenizer.to_str())
    vocab = data["model"]["vocab"]
    for byte in range(256):
        vocab.setdefault(f"<0x{byte:02X}>", len(vocab))
    data["model"].update(byte_fallback=True, **options)
    return Tokenizer.from_str(json.dumps(data))


def bos_template(tokenizer, ids):
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", ids)]
    )


def llama3():
    pre = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer = train(pre)
    data = json.loads(tokenizer.to_str())
    data["model"]["ignore_merges"] = True
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<s> $A </s>", pair="<s> $A $B", special_tokens=[("<s>", 0), ("</s>", 1)]
            ),
        ]
    )
    return tokenizer


def llama2():
    normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    specials = ("<unk>", "<s>", "</s>")
    tokenizer = train(None, normalizer, byte_level=False, specials=specials)
    tokenizer = with_fallback(tokenizer, unk_token="<unk>", fuse_unk=True)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    bos_template(tokenizer, 1)
    return tokenizer


def metaspace(scheme, split):
    pre = pre_tokenizers.Metaspace("▁", prepend_scheme=scheme, split=split)
    tokenizer = train(pre, normalizers.NFC(), byte_level=False, specials=("<unk>", "<s>", "</s>"))
    tokenizer = with_fallback(tokenizer, unk_token="<unk>")
    if split:  # without it the package's decoder loses every space
        tokenizer.decoder = decoders.Sequence(
            [decoders.ByteFallback(), decoders.Metaspace("▁", prepend_scheme=scheme, split=split)]
        )
    return tokenizer


def falcon():
    pre = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    )
    tokenizer = train(pre)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens([AddedToken("<mark>", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("word", single_word=True, normalized=True)])
    return tokenizer


def unknown_characters():
    normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()]
    )
    pre = pre_tokenizers.Whitespace()
    return train(pre, normalizer, byte_level=False, specials=("[UNK]",), unk_token="[UNK]")


def roberta():
    tokenizer = train(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def behavior(name, invert=False):
    pre = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[aeiou ]"), name, invert=invert),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return train(pre, size=300)


def main():
    made = {
        "llama3": llama3(),
        "llama2": llama2(),
        "metaspace_first": metaspace("first", True),
        "metaspace_always": metaspace("always", False),
        "metaspace_never": metaspace("never", True),
        "falcon": falcon(),
        "unknown_characters": unknown_characters(),
        "roberta": roberta(),
        "removed": behavior("removed"),
        "merged_with_previous": behavior("merged_with_previous"),
        "merged_with_next": behavior("merged_with_next"),
        "contiguous": behavior("contiguous"),
        "inverted": behavior("isolated", True),
    }
    rows = []
    for name, tokenizer in made.items():
        texts = []
        for text in TEXTS:
            omit = tokenizer.encode(text, add_special_tokens=False).ids
            add = tokenizer.encode(text, add_special_tokens=True).ids
            row = {"text": text, "ids": omit}
            if add != omit:
                row["with_special"] = add
            if tokenizer.decoder is not None:
                row["decoded"] = tokenizer.decode(omit)
            texts.append(row)
        rows.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "texts": texts})
    out = pathlib.Path(__file__).with_suffix(".json")
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    out.write_text("[\n" + lines + "\n]\n")


main()
