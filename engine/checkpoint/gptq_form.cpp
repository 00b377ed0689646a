// SPDX-License-Identifier: Apache-2.0
// GPTQ's form, versions 1 and 2:
//
//   qweight [in·bits/32, out] int32      bit stream along the inputs
//   qzeros  [groups, out·bits/32] int32  bit stream along the outputs
//   scales  [groups, out]                the steps
//   g_idx   [in] int32, optional         the group of every input, in any order (act-order)
//
// Version 1 stores zero points minus 1. Its writers subtracted either from each zero point or a
// constant from each word; adding the constant to the word undoes both. At 3 bits, where codes
// cross words, known writers disagree: a symmetric grid's zero point is taken as what it must be,
// others as subtracted one by one.
#include <array>
#include <utility>

#include "engine/checkpoint/packed_words.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;
using namespace quantized;

constexpr std::array<std::string_view, 3> kParts = {".qweight", ".qzeros", ".scales"};
constexpr std::array<std::string_view, 1> kOptionalParts = {".g_idx"};
constexpr int kWordBits = 32;

bool is_version_2(const Json& config) {
  return word(config, "checkpoint_format") == "gptq_v2";
}

bool is_gptq(const Json& config) {
  const std::string format = word(config, "checkpoint_format");
  return word(config, "quant_method") == "gptq" &&
         (format.empty() || format == "gptq" || format == "gptq_v2");
}

/// Bits of this linear: "dynamic" may give it others than the rest, and g_idx shows how many.
int bits_of(const QuantizedSource& source, const TensorInfo& codes, std::int64_t in_features,
            int usual_bits) {
  for (const int bits : {usual_bits, 2, 3, 4, 8}) {
    if (codes.shape[0] > 0 && codes.shape[0] == stream_words(in_features, bits)) return bits;
  }
  throw Error(ErrorKind::BadInput, place_of(source.stored, codes) + " has " +
                                       std::to_string(codes.shape[0]) + " rows, which is not " +
                                       std::to_string(in_features) +
                                       " inputs of 2, 3, 4 or 8 bits");
}

LinearGrid describe(const QuantizedSource& source, const std::string& linear) {
  const TensorInfo& codes = part(source, linear, ".qweight");
  const TensorInfo& zeros = part(source, linear, ".qzeros");
  const TensorInfo& steps = part(source, linear, ".scales");
  LinearGrid grid{scheme_of(source.config, "sym"), codes.shape[1], 0};
  constexpr std::int64_t kMostRows = std::int64_t{1} << 30;
  if (codes.shape[0] > kMostRows || codes.shape[1] > kMostRows) {
    throw Error(ErrorKind::BadInput, place_of(source.stored, codes) + " has shape " +
                                         to_string(codes.shape) + ", which is too large");
  }
  if (source.stored.has(linear + ".g_idx")) {
    grid.in_features = part(source, linear, ".g_idx", 1).shape[0];
    grid.scheme.bits = bits_of(source, codes, grid.in_features, grid.scheme.bits);
  } else {
    grid.in_features = codes.shape[0] * kWordBits / grid.scheme.bits;
    check_shape(source, codes,
                {stream_words(grid.in_features, grid.scheme.bits), grid.out_features});
  }
  const std::int64_t groups = steps.shape[0];
  grid.scheme = with_groups(source, steps, grid.scheme, grid.in_features, groups);
  check_shape(source, steps, {groups, grid.out_features});
  check_shape(source, zeros, {groups, stream_words(grid.out_features, grid.scheme.bits)});
  return grid;
}

/// The words with 1 added to every zero point, carrying from one to the next as writers borrowed.
void add_ones(Tensor& words, int bits) {
  std::uint32_t ones = 0;
  for (int at = 0; at < kWordBits; at += bits) ones |= 1U << static_cast<unsigned>(at);
  for (std::int32_t& word : words.as<std::int32_t>()) {
    word = static_cast<std::int32_t>(static_cast<std::uint32_t>(word) + ones);
  }
}

/// [groups, out_features]
std::vector<std::uint8_t> zero_points(const QuantizedSource& source, const std::string& linear,
                                      const LinearGrid& grid, std::size_t groups) {
  constexpr int kCrossing = 3;
  const auto outputs = static_cast<std::size_t>(grid.out_features);
  const int bits = grid.scheme.bits;
  const bool shifted = !is_version_2(source.config);
  if (shifted && bits == kCrossing && grid.scheme.symmetry == Symmetry::Symmetric) {
    return std::vector<std::uint8_t>(groups * outputs, 1U << (kCrossing - 1U));
  }
  Tensor words = source.stored.read(linear + ".qzeros", DType::I32);
  if (shifted && bits != kCrossing) add_ones(words, bits);
  auto zeros = unpack_rows(std::as_const(words).as<std::int32_t>(), groups, bits, outputs);
  if (shifted && bits == kCrossing) {
    for (std::uint8_t& zero : zeros) zero = static_cast<std::uint8_t>((zero + 1U) & 7U);
  }
  return zeros;
}

StoredGrid read(const QuantizedSource& source, const std::string& linear, const LinearGrid& grid) {
  const auto outputs = static_cast<std::size_t>(grid.out_features);
  const auto groups = static_cast<std::size_t>(grid.scheme.num_groups(grid.in_features));
  const Tensor codes = source.stored.read(linear + ".qweight", DType::I32);
  StoredGrid result{grid.scheme, grid.out_features, grid.in_features, {}, {}, {}, {}};
  result.codes = unpack_columns(codes.as<std::int32_t>(), outputs, grid.scheme.bits,
                                static_cast<std::size_t>(grid.in_features));
  const std::vector<std::uint8_t> zeros = zero_points(source, linear, grid, groups);
  result.zero_points = transposed(std::span(zeros), groups, outputs);
  const std::vector<float> steps = numbers(source, linear + ".scales");
  result.steps = transposed(std::span(steps), groups, outputs);
  result.group_of_input = groups_of_inputs(source, linear + ".g_idx", grid);
  return result;
}

}  // namespace

constinit const QuantizedForm quantized::kGptq = {"GPTQ ", kParts,   kOptionalParts,
                                                  is_gptq, describe, read};

}  // namespace salient
