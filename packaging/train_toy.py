# SPDX-License-Identifier: Apache-2.0
"""Trains the bundled toy model, resources/toy, on the project's own text and nothing else.

Python 3.12, torch 2.11.0, tokenizers 0.23.2, safetensors 0.8.0, numpy 2.5.2; no GPU. Seeds and the
number of threads are fixed: the same versions on the same processor give the same file. It takes
about 6 minutes on 8 cores and 25 on one.

    python packaging/train_toy.py [--steps 3600] [--threads 8] [--out resources/toy]

The text is resources/calibration, packaging/toy_dialogues.txt and short drills from
toy_drills.py. resources/evaluation is never read.
"""
import argparse
import json
import math
import pathlib
import random
import re
import time

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn

from toy_drills import drills

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Contractions, words with the space before them, single digits, punctuation, line ends.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 2048,
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "hidden_act": "silu",
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "torch_dtype": "float16",
}
WINDOW = 512
BATCH = 4
# Chosen on every ninth piece of the calibration text, held out. Little text wants strong decay.
DROPOUT = 0.2
WEIGHT_DECAY = 2.0
PEAK_RATE = 3e-3
DIALOGUE_PASSES = 8
DRILLS_A_PASS = 1500


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.head_dim = config["hidden_size"], config["head_dim"]
        query = config["num_attention_heads"] * self.head_dim
        shared = config["num_key_value_heads"] * self.head_dim
        self.q_proj = nn.Linear(hidden, query, bias=False)
        self.k_proj = nn.Linear(hidden, shared, bias=False)
        self.v_proj = nn.Linear(hidden, shared, bias=False)
        self.o_proj = nn.Linear(query, hidden, bias=False)

    def forward(self, x, rotary):
        """x [batch, tokens, hidden]; rotary: cos and sin, [tokens, head_dim]."""
        heads = lambda y: y.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
        q, k, v = (heads(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))
        out = F.scaled_dot_product_attention(
            rotate(q, rotary), rotate(k, rotary), v, is_causal=True, enable_gqa=True
        )
        return self.o_proj(out.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        norm = lambda: nn.RMSNorm(config["hidden_size"], eps=config["rms_norm_eps"])
        self.input_layernorm, self.post_attention_layernorm = norm(), norm()
        self.self_attn, self.mlp = Attention(config), Mlp(config)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x, rotary):
        x = x + self.dropout(self.self_attn(self.input_layernorm(x), rotary))
        return x + self.dropout(self.mlp(self.post_attention_layernorm(x)))


class Llama(nn.Module):
    """Parameter names below `model.` are those of a Hugging Face Llama checkpoint."""

    def __init__(self, config):
        super().__init__()
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.model.layers = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))
        self.model.norm = nn.RMSNorm(config["hidden_size"], eps=config["rms_norm_eps"])
        self.dropout = nn.Dropout(DROPOUT)
        self.config = config
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                depth = math.sqrt(2 * config["num_hidden_layers"])
                last = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.02 / depth if last else 0.02)

    def forward(self, ids):
        """ids [batch, tokens] -> logits [batch, tokens, vocab]."""
        x = self.dropout(self.model.embed_tokens(ids))
        rotary = rotary_table(self.config, ids.shape[1])
        for block in self.model.layers:
            x = block(x, rotary)
        return self.model.norm(x) @ self.model.embed_tokens.weight.T


def rotary_table(config, tokens):
    half = config["head_dim"] // 2
    frequency = config["rope_theta"] ** (-torch.arange(half, dtype=torch.float32) / half)
    angle = torch.outer(torch.arange(tokens, dtype=torch.float32), frequency).repeat(1, 2)
    return angle.cos(), angle.sin()


def rotate(x, rotary):
    first, second = x.chunk(2, -1)
    return x * rotary[0] + torch.cat([-second, first], -1) * rotary[1]


def documents():
    """Texts of resources/calibration, cut where three line ends in a row part two pieces."""
    pieces = []
    for path in sorted((ROOT / "resources/calibration").glob("*.txt")):
        pieces += [p.strip() + "\n" for p in path.read_text("utf-8").split("\n\n\n") if p.strip()]
    return pieces


def written_dialogues():
    """Turns start with `U: ` or `A: `; an empty line before a `U: ` parts two dialogues."""
    text = (ROOT / "packaging/toy_dialogues.txt").read_text("utf-8")
    for block in re.split(r"\n\n(?=U: )", text):
        turns = []
        for line in block.strip().split("\n"):
            if line.startswith(("U: ", "A: ")):
                turns.append(line[3:])
            elif turns:
                turns[-1] += "\n" + line
        if turns:
            yield turns


def chat_markup(turns):
    roles = ["user", "assistant"]
    return "".join(
        f"<|im_start|>{roles[i % 2]}\n{turn}<|im_end|>\n" for i, turn in enumerate(turns)
    )


def train_tokenizer(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=CONFIG["vocab_size"],
        special_tokens=CONTROL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def epoch_stream(tokenizer, encoded, chooser):
    """One pass over everything in a fresh order, with freshly drawn drills, as one id list."""
    rounds = [chat_markup(turns) for turns in drills(chooser, DRILLS_A_PASS)]
    parts = encoded + [encoding.ids for encoding in tokenizer.encode_batch(rounds)]
    chooser.shuffle(parts)
    return [token for part in parts for token in [*part, 0]]


def batches(tokenizer, chooser):
    chats = [chat_markup(turns) for turns in written_dialogues()]
    encoded = [e.ids for e in tokenizer.encode_batch(documents() + chats * DIALOGUE_PASSES)]
    while True:
        stream = epoch_stream(tokenizer, encoded, chooser)
        starts = list(range(chooser.randrange(WINDOW), len(stream) - WINDOW - 1, WINDOW))
        chooser.shuffle(starts)
        for i in range(0, len(starts) - BATCH + 1, BATCH):
            rows = [stream[s : s + WINDOW + 1] for s in starts[i : i + BATCH]]
            yield torch.tensor(rows)


def learning_rate(progress):
    warm = min(1.0, progress / 0.03)
    return PEAK_RATE * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


def train(model, source, steps):
    decayed = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAY},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    begin = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate((step + 1) / steps)
        rows = next(source)
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            seconds = time.monotonic() - begin
            print(f"step {step} loss {loss.item():.3f} {seconds:.0f} s", flush=True)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def save(model, tokenizer, out):
    out.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.to(torch.float16) for name, value in model.state_dict().items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"))
    write_json(out / "config.json", CONFIG)
    write_json(
        out / "generation_config.json",
        {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "max_new_tokens": 200},
    )
    write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<|im_start|>",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
            "add_bos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": CONFIG["max_position_embeddings"],
            "chat_template": CHAT_TEMPLATE,
        },
    )


def main():
    parser = argparse.ArgumentParser(description="Train the bundled toy model.")
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "resources/toy")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(11)
    chooser = random.Random(11)
    texts = documents() + ["\n".join(turns) for turns in written_dialogues()]
    tokenizer = train_tokenizer(texts)
    model = Llama(CONFIG)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters} parameters, {sum(map(len, texts))} characters")
    train(model, batches(tokenizer, chooser), options.steps)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
