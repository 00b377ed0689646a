// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an export format makes of a model: the names, dtypes and shapes of its tensors, known before
// any work, and the tensors of one linear, norm or table.

#include <map>
#include <string>
#include <vector>

#include "engine/export/export.h"
#include "engine/export/safetensors_writer.h"
#include "engine/model/decoder.h"

namespace salient {

struct FormatRow;

struct ModelLayout {
  const FormatRow* row = nullptr;
  DecoderShape shape;
  std::map<LinearId, LinearSettings> settings;
  std::vector<TensorSpec> tensors;
  /// Schemes of the embedding and head tensors that are kept as the codes they are stored as.
  std::map<std::string, QuantScheme> coded_tables;
};

/// Whether an embedding or head that is stored on a grid of ours can be kept as codes is told by
/// its type alone (for an estimate: nothing is read), or by its values (a few files break the
/// grid).
enum class CodedTables { ByType, ByValue };

ModelLayout make_model_layout(ExportFormat format, const Checkpoint& source,
                              const std::vector<LinearId>& linears,
                              const std::vector<LinearSettings>& settings, CodedTables tables);

/// Whether this linear is stored as codes.
bool is_coded(const ModelLayout& layout, const LinearId& id);

/// Names of the linears that stay as they are in a format of codes.
std::vector<std::string> kept_linears(const ModelLayout& layout);

/// Linears that engines run as one matrix when all of them have the same settings, else one alone.
struct LinearUnit {
  std::vector<std::string> names;  ///< of the linears, then of the fused one ("...qkv_proj")
  LinearSettings settings;
};
std::vector<LinearUnit> linear_units(const ModelLayout& layout);

/// As other formats write it: -1 for the whole row.
std::int64_t group_size_on_disk(const QuantScheme& scheme);

/// The tensors of `entry` under their final names.
std::vector<NamedTensor> tensors_of(const ModelLayout& layout, const QuantizedBlock::Entry& entry);
/// Both norms of a block.
std::vector<NamedTensor> norms_of(const ModelLayout& layout, const QuantizedBlock& block);
/// Embedding, final norm and, unless tied, the head: names only, as `source` knows them.
std::vector<std::string> table_names(const DecoderShape& shape);
std::vector<NamedTensor> tensors_of_table(const ModelLayout& layout, const Checkpoint& source,
                                          const std::string& name);

/// `values` in `dtype`. Error(BadInput) naming `tensor` and counting what float16 cannot hold.
Tensor narrowed(const std::string& tensor, const Tensor& values, DType dtype);

}  // namespace salient
