// SPDX-License-Identifier: Apache-2.0
#pragma once

// The seam between a folder of quantized linears and the ways in which others store them: a form is
// one row and one file. A form treats config and tensors as foreign: Error(BadInput) names the key
// or tensor, Error(Unsupported) what is not read.

#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/stored_grid.h"

namespace salient {

/// A checkpoint whose tensors are the packed ones, and its quantization_config.
struct QuantizedSource {
  const Checkpoint& stored;
  const nlohmann::ordered_json& config;
};

/// What a linear is on, known without reading its values.
struct LinearGrid {
  QuantScheme scheme;
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
};

struct QuantizedForm {
  std::string_view label;                   ///< before the scheme: "GPTQ "
  std::span<const std::string_view> parts;  ///< ".qweight" first: it marks a linear
  std::span<const std::string_view> optional_parts;
  bool (*matches)(const nlohmann::ordered_json& config);
  LinearGrid (*describe)(const QuantizedSource& source, const std::string& linear);
  StoredGrid (*read)(const QuantizedSource& source, const std::string& linear,
                     const LinearGrid& grid);
};

/// The forms, and what they share in reading their keys and tensors.
namespace quantized {

extern const QuantizedForm kAwqGemm;
extern const QuantizedForm kAwqGemv;
extern const QuantizedForm kGptq;
extern const QuantizedForm kCompressedTensors;
extern const QuantizedForm kSalient;

[[noreturn]] void refuse(const std::string& sentence);
std::int64_t integer(const nlohmann::ordered_json& object, const char* key, std::int64_t fallback);
bool flag(const nlohmann::ordered_json& object, const char* key, bool fallback);
/// Of a string, in lower case; empty when it is none.
std::string word(const nlohmann::ordered_json& object, const char* key);
/// -1 is the whole row.
std::int64_t group_size_of(std::int64_t stored);
/// From bits, group_size and `symmetry_key`. Any group size: what our grid cannot say is dense.
QuantScheme scheme_of(const nlohmann::ordered_json& object, const char* symmetry_key);

/// "model.safetensors: tensor "x.qweight"", as every reader begins its sentence.
std::string place_of(const Checkpoint& stored, const TensorInfo& info);
/// The tensor `linear + kind`, a matrix unless `rank` says otherwise.
const TensorInfo& part(const QuantizedSource& source, const std::string& linear,
                       std::string_view kind, std::size_t rank = 2);
void check_shape(const QuantizedSource& source, const TensorInfo& found, const Shape& expected);
/// A scheme with `groups` groups of `in_features` inputs: `scheme`'s own size, else an even one.
QuantScheme with_groups(const QuantizedSource& source, const TensorInfo& steps, QuantScheme scheme,
                        std::int64_t in_features, std::int64_t groups);
/// The values of the tensor `name` as float32.
std::vector<float> numbers(const QuantizedSource& source, const std::string& name);
/// The groups of the inputs in `name` [in_features]; empty when they are in order.
std::vector<std::int32_t> groups_of_inputs(const QuantizedSource& source, const std::string& name,
                                           const LinearGrid& grid);

}  // namespace quantized

}  // namespace salient
