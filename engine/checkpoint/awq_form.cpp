// SPDX-License-Identifier: Apache-2.0
// AutoAWQ's forms: "gemm", whose layout is in awq_tensors.h, and "gemv", all along the inputs:
//
//   qweight [out, in/8] int32    code k of a row at bits 4(k mod 8) of word k/8
//   qzeros  [out, words] int32   zero points as they are, the same way; words may be more than
//                                groups need
//   scales  [out, 8 words] f16   the steps; the first `groups` count
#include <array>

#include "engine/checkpoint/awq_tensors.h"
#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/packed_words.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;
using namespace quantized;

constexpr std::array<std::string_view, 3> kParts = {".qweight", ".qzeros", ".scales"};
constexpr int kBits = 4;
constexpr std::int64_t kPerWord = 8;

bool is_awq(const Json& config) {
  return word(config, "quant_method") == "awq";
}

bool is_gemm(const Json& config) {
  const std::string version = word(config, "version");
  return is_awq(config) && (version.empty() || version == "gemm");
}

bool is_gemv(const Json& config) {
  return is_awq(config) && word(config, "version") == "gemv";
}

QuantScheme scheme_of_awq(const Json& config) {
  const QuantScheme scheme = scheme_of(config, "symmetric");
  if (scheme.bits != kBits) {
    refuse("AWQ with " + std::to_string(scheme.bits) + " bits, only 4 are known");
  }
  return scheme;
}

std::int64_t times_per_word(std::int64_t words) {
  return checked::multiply(words, kPerWord).value_or(0);
}

LinearGrid describe_gemm(const QuantizedSource& source, const std::string& linear) {
  const TensorInfo& codes = part(source, linear, ".qweight");
  for (const std::string_view name : kParts) part(source, linear, name);
  return {scheme_of_awq(source.config), times_per_word(codes.shape[1]), codes.shape[0]};
}

StoredGrid read_gemm(const QuantizedSource& source, const std::string& linear,
                     const LinearGrid& grid) {
  const AwqTensors tensors{source.stored.read(linear + ".qweight", DType::I32),
                           source.stored.read(linear + ".qzeros", DType::I32),
                           source.stored.read(linear + ".scales", DType::F16)};
  return grid_of(from_awq(linear, tensors, grid.scheme));
}

LinearGrid describe_gemv(const QuantizedSource& source, const std::string& linear) {
  const TensorInfo& codes = part(source, linear, ".qweight");
  const TensorInfo& zeros = part(source, linear, ".qzeros");
  const TensorInfo& steps = part(source, linear, ".scales");
  const LinearGrid grid{scheme_of_awq(source.config), codes.shape[0],
                        times_per_word(codes.shape[1])};
  const std::int64_t groups = grid.in_features > 0 ? grid.scheme.num_groups(grid.in_features) : 0;
  if (zeros.shape[0] != grid.out_features || zeros.shape[1] < stream_words(groups, kBits)) {
    throw Error(ErrorKind::BadInput,
                place_of(source.stored, zeros) + " has shape " + to_string(zeros.shape) + ", [" +
                    std::to_string(grid.out_features) + ", " +
                    std::to_string(stream_words(groups, kBits)) + "] or wider expected");
  }
  check_shape(source, steps, {grid.out_features, times_per_word(zeros.shape[1])});
  return grid;
}

StoredGrid read_gemv(const QuantizedSource& source, const std::string& linear,
                     const LinearGrid& grid) {
  const auto rows = static_cast<std::size_t>(grid.out_features);
  const auto groups = static_cast<std::size_t>(grid.scheme.num_groups(grid.in_features));
  const Tensor codes = source.stored.read(linear + ".qweight", DType::I32);
  const Tensor zeros = source.stored.read(linear + ".qzeros", DType::I32);
  const std::vector<float> padded = numbers(source, linear + ".scales");
  const std::size_t width = padded.size() / rows;
  StoredGrid result{grid.scheme, grid.out_features, grid.in_features, {}, {}, {}, {}};
  result.codes = unpack_rows(codes.as<std::int32_t>(), rows, kBits,
                             static_cast<std::size_t>(grid.in_features));
  result.zero_points = unpack_rows(zeros.as<std::int32_t>(), rows, kBits, groups);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto first = padded.begin() + static_cast<std::ptrdiff_t>(row * width);
    result.steps.insert(result.steps.end(), first, first + static_cast<std::ptrdiff_t>(groups));
  }
  return result;
}

}  // namespace

constinit const QuantizedForm quantized::kAwqGemm = {"AWQ ",  kParts,        {},
                                                     is_gemm, describe_gemm, read_gemm};
constinit const QuantizedForm quantized::kAwqGemv = {"AWQ ",  kParts,        {},
                                                     is_gemv, describe_gemv, read_gemv};

}  // namespace salient
