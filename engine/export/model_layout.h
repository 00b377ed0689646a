// SPDX-License-Identifier: Apache-2.0
#pragma once

// What each export format makes of a model: the names, dtypes and shapes of its tensors, known
// before any work, and the tensors of one linear. The only place where the formats differ in their
// tensors.

#include <map>
#include <string>
#include <vector>

#include "engine/export/export.h"
#include "engine/export/safetensors_writer.h"
#include "engine/model/decoder.h"

namespace salient {

struct ModelLayout {
  ExportFormat format = ExportFormat::Awq;
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

/// F16, or F32 where the format keeps it (norms and biases of a run).
DType vector_dtype(ExportFormat format);

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
