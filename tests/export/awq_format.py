# SPDX-License-Identifier: Apache-2.0
"""AutoAWQ's "gemm" layout in numpy: what a stranger makes of it, without a line of the engine's."""
import numpy as np

ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def unpack(words):
    """int32 [rows, columns / 8] to integers [rows, columns]."""
    nibbles = (words.view(np.uint32)[:, :, None] >> (4 * np.arange(8, dtype=np.uint32))) & 15
    columns = np.empty_like(nibbles)
    columns[:, :, ORDER] = nibbles
    return columns.reshape(words.shape[0], -1).astype(np.int32)


def dequantized(tensors, name, group):
    """The weight [out, in] of the linear `name`."""
    codes = unpack(tensors[name + ".qweight"])  # [in, out]
    group = codes.shape[0] if group == -1 else group
    zeros = np.repeat(unpack(tensors[name + ".qzeros"]), group, axis=0)
    steps = np.repeat(tensors[name + ".scales"].astype(np.float32), group, axis=0)
    return ((codes - zeros) * steps).T
