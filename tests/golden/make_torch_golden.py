#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torch_views.bin with torch.save, and torch_views.json with what is in it.

Made with torch 2.15.0 and numpy 2.4.6. Values are float32 in row-major order; integers and truth
values have no values in the table, because only floating point is read as numbers.
"""
import collections
import json
import pathlib

import torch

here = pathlib.Path(__file__).parent
torch.manual_seed(5)
base = torch.randn(3, 4)
cube = torch.randn(2, 3, 4)
tensors = collections.OrderedDict(
    half=base.half(),
    transposed=base.bfloat16().t(),
    parameter=torch.nn.Parameter(base),
    tied=base,
    columns=base[:, 1:3],
    permuted=cube.permute(2, 0, 1),
    every_second=cube[:, ::2],
    scalar=torch.tensor(1.5),
    empty=torch.zeros(0, 4),
    ids=torch.arange(5),
    mask=torch.ones(2, 2, dtype=torch.bool),
)
tensors._metadata = {"": {"version": 1}}
torch.save(tensors, here / "torch_views.bin")
table = {}
for name, tensor in tensors.items():
    entry = {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}
    if tensor.is_floating_point():
        entry["values"] = tensor.detach().float().flatten().tolist()
    table[name] = entry
(here / "torch_views.json").write_text(json.dumps(table, indent=1) + "\n")
