// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table of export formats: one row each, and for those that store codes a `CodeForm`, which is
// one file (its packing, its keys in config.json, what it can say). Everything else in this room
// reads the row; nothing asks which format it is.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/export/export.h"
#include "engine/export/safetensors_writer.h"

namespace salient {

struct ModelLayout;

/// What the linears of an export are made of.
enum class Content {
  Codes,        ///< the run's codes, steps and zero points
  Folded,       ///< the source's weights with scales and clip folded in, not rounded
  Dequantized,  ///< the values that the codes stand for ("fake quantized")
};
enum class Container { Safetensors, Gguf };

enum class Grids { Any, SymmetricOnly };
enum class Mixing { PerLinear, OneScheme };
enum class Groups { Any, Dividing };

/// What a form can say of a linear.
struct FormLimits {
  std::array<int, 4> bits = {2, 3, 4, 8};  ///< unused places are 0
  Grids grids = Grids::Any;
  Mixing mixing = Mixing::PerLinear;
  Groups groups = Groups::Dividing;
  std::int64_t inputs_multiple = 1;
  std::int64_t outputs_multiple = 1;
};

/// Embedding and head that the source stores on a grid of ours: as numbers, or as the same codes.
enum class TableForm { Dense, Coded };

/// Whether linears that engines run as one matrix have to be coded or kept together.
enum class FusedLinears { Alike, Free };

struct CodeForm {
  FormLimits limits;
  FusedLinears fused = FusedLinears::Alike;
  TableForm tables = TableForm::Dense;
  /// Tensors of a linear [out_features, in_features] called `linear` ("...mlp.up_proj").
  std::vector<TensorSpec> (*specs)(const std::string& linear, const Shape& shape,
                                   const QuantScheme& scheme);
  std::vector<NamedTensor> (*pack)(const std::string& linear, const QuantizedMatrix& matrix);
  /// Beyond `limits`: why it cannot hold `scheme`, empty when it can. May be null.
  std::string (*objection)(const QuantScheme& scheme) = nullptr;
  /// "quantization_config" of config.json. Null: none.
  nlohmann::ordered_json (*config)(const ModelLayout& layout, const QuantScheme& scheme) = nullptr;
  /// A file beside config.json for older loaders; empty name: none.
  std::string_view courtesy_file = {};
  nlohmann::ordered_json (*courtesy)(const ModelLayout& layout,
                                     const QuantScheme& scheme) = nullptr;
  /// Where a reader gives numbers back instead of codes: [out_features, in_features] F32 that the
  /// stored form stands for. Null: the codes are read back.
  Tensor (*values)(const QuantizedMatrix& matrix) = nullptr;
  /// A sentence on what the form does to the values; empty: nothing.
  std::string_view note = {};
};

extern const CodeForm kAwqForm;
extern const CodeForm kRunForm;
extern const CodeForm kGptqForm;
extern const CodeForm kGptqV2Form;
extern const CodeForm kCompressedTensorsForm;
extern const CodeForm kGgufQ4_0Form;
extern const CodeForm kGgufQ4_1Form;
extern const CodeForm kGgufQ8_0Form;

struct FormatRow {
  ExportFormat format;
  std::string_view key;    ///< --format
  std::string_view label;  ///< "GPTQ"
  Content content = Content::Codes;
  Container container = Container::Safetensors;
  DType dense = DType::F16;    ///< matrices without codes
  DType vectors = DType::F16;  ///< norms and biases
  const CodeForm* codes = nullptr;
  std::uint32_t gguf_file_type = 0;  ///< llama.cpp's number for it
};

std::span<const FormatRow> format_rows();
const FormatRow& row_of(ExportFormat format);

}  // namespace salient
