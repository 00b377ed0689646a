// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/tensor_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/gathered_source.h"
#include "engine/error.h"
#include "kernels/half.h"

namespace salient {
namespace {

constexpr std::uint64_t kPieceBytes = 1 << 20;
constexpr std::uint32_t kMagnitudeMask = 0x7FFFFFFF;
constexpr std::uint32_t kInfinity = 0x7F800000;
/// The first float32 that rounds to infinity.
constexpr std::uint32_t kBeyondF16 = 0x477FF000;
constexpr std::uint32_t kBeyondBF16 = 0x7F7F8000;

/// A tensor as rows of whole blocks; a vector has rows of one element.
struct StoredRows {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::uint64_t row_bytes = 0;
  std::int64_t rows_per_piece = 1;
};

StoredRows layout_of(const StoredTensor& tensor) {
  StoredRows layout;
  const Shape& shape = tensor.shape_in_file();
  if (!shape.empty()) layout.rows = shape.front();
  const std::int64_t count = element_count(shape);
  if (layout.rows == 0 || count == 0) return {0, 0, 0, 1};
  layout.columns = count / layout.rows;
  // A vector of blocks has no rows of its own; it is one row.
  const auto block = static_cast<std::int64_t>(tensor.type->block_elements);
  if (layout.columns % block != 0) layout = {1, count, 0, 1};
  layout.row_bytes =
      static_cast<std::uint64_t>(layout.columns / block) * tensor.type->block_bytes();
  layout.rows_per_piece =
      static_cast<std::int64_t>(std::max<std::uint64_t>(1, kPieceBytes / layout.row_bytes));
  return layout;
}

/// Calls `visit(first_row, rows, bytes)` for each piece of whole rows.
template <class Visit>
void for_each_piece(const ByteSource& source, const StoredTensor& tensor, const StoredRows& layout,
                    Visit&& visit) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(
      static_cast<std::uint64_t>(std::min(layout.rows, layout.rows_per_piece)) * layout.row_bytes));
  const bool part = tensor.rows.is_part() && !tensor.rows.turned;
  const std::int64_t begin = part ? tensor.rows.first : 0;
  const std::int64_t end =
      part ? tensor.rows.file_row(tensor.info.shape.front() - 1) + 1 : layout.rows;
  std::uint64_t offset = tensor.info.offset + static_cast<std::uint64_t>(begin) * layout.row_bytes;
  for (std::int64_t row = begin; row < end; row += layout.rows_per_piece) {
    const std::int64_t rows = std::min(layout.rows_per_piece, end - row);
    const std::span<std::byte> piece =
        std::span(buffer).first(static_cast<std::size_t>(rows) * layout.row_bytes);
    source.read(offset, piece);
    visit(row, rows, std::span<const std::byte>(piece));
    offset += piece.size();
  }
}

/// What is wrong with a tensor's values, gathered over the whole of it.
struct Defects {
  std::int64_t non_finite = 0;
  std::int64_t too_large = 0;
  std::int64_t row = 0;  ///< of the first one
  std::int64_t column = 0;
  float value = 0.0F;

  bool any() const { return non_finite + too_large > 0; }
};

std::uint32_t limit_of(DType as) {
  if (as == DType::F16) return kBeyondF16;
  return as == DType::BF16 ? kBeyondBF16 : kInfinity;
}

std::uint32_t magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & kMagnitudeMask;
}

void find_defects(std::span<const float> values, std::uint32_t limit, std::int64_t first_row,
                  const StoredRows& layout, const RowOrder& order, Defects& defects) {
  // One maximum over the piece is a loop without branches; places are sought only when it is bad.
  std::uint32_t largest = 0;
  for (const float value : values) largest = std::max(largest, magnitude(value));
  if (largest < limit) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (magnitude(values[i]) < limit) continue;
    if (!defects.any()) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t row = first_row + at / layout.columns;
      defects.row = std::max(order.model_row(row), order.is_part() ? row : 0);
      defects.column = at % layout.columns;
      defects.value = values[i];
    }
    ++(std::isfinite(values[i]) ? defects.too_large : defects.non_finite);
  }
}

std::string words(float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return nlohmann::json(value).dump();
}

[[noreturn]] void refuse(const ByteSource& source, const StoredTensor& tensor,
                         const Defects& defects, DType as) {
  std::string sentence = source.name() + ": tensor " + in_quotes(tensor.info.name) + ": ";
  const std::string of = " of " + std::to_string(element_count(tensor.info.shape)) + " values ";
  const std::string place = " (" + words(defects.value) + " at row " + std::to_string(defects.row) +
                            ", column " + std::to_string(defects.column) + ")";
  if (defects.non_finite > 0) {
    sentence += std::to_string(defects.non_finite) + of + "not finite" + place;
  } else {
    sentence += std::to_string(defects.too_large) + of + "too large for " +
                std::string(name_of(as)) + place + ": use bfloat16 or float32";
  }
  throw Error(ErrorKind::BadInput, sentence);
}

[[noreturn]] void refuse_type(const ByteSource& source, const StoredTensor& tensor, DType as) {
  throw Error(ErrorKind::Unsupported, source.name() + ": tensor " + in_quotes(tensor.info.name) +
                                          ": stored as " + tensor.info.stored_type +
                                          ", which cannot be read as " + std::string(name_of(as)));
}

void store(std::span<const float> values, DType as, std::byte* out) {
  if (as == DType::F32) {
    std::memcpy(out, values.data(), values.size_bytes());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = as == DType::F16 ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
    std::memcpy(out + 2 * i, &bits, sizeof(bits));
  }
}

Tensor read_numbers(const ByteSource& source, const StoredTensor& tensor, DType as) {
  Tensor result(as, tensor.info.shape);
  const StoredRows layout = layout_of(tensor);
  if (layout.rows == 0) return result;
  const std::size_t out_row_bytes = static_cast<std::size_t>(layout.columns) * size_of(as);
  std::vector<float> values;
  Defects defects;
  for_each_piece(source, tensor, layout, [&](std::int64_t first, std::int64_t rows, auto bytes) {
    values.resize(static_cast<std::size_t>(rows * layout.columns));
    tensor.type->decode(bytes.data(), values.size() / tensor.type->block_elements, values.data());
    if (tensor.shift != 0) {
      for (float& value : values) value += tensor.shift;
    }
    find_defects(values, limit_of(as), first, layout, tensor.rows, defects);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::span<const float> one = std::span(values).subspan(
          static_cast<std::size_t>(row * layout.columns), static_cast<std::size_t>(layout.columns));
      const std::int64_t to = tensor.rows.model_row(first + row);
      if (to < 0) continue;
      store(one, as, result.data() + static_cast<std::size_t>(to) * out_row_bytes);
    }
  });
  if (defects.any()) refuse(source, tensor, defects, as);
  return result;
}

/// A part of a tensor that is stored [in, out]: all of it is read, and its columns become rows.
Tensor read_turned(const ByteSource& source, const StoredTensor& tensor, DType as) {
  StoredTensor whole = tensor;
  whole.info.shape = tensor.stored_shape;
  whole.rows = {};
  const Tensor stored = read_numbers(source, whole, as);
  Tensor result(as, tensor.info.shape);
  const std::size_t width = size_of(as);
  const auto columns = static_cast<std::size_t>(stored.dim(1));
  std::byte* out = result.data();
  for (std::int64_t row = 0; row < result.dim(0); ++row) {
    const auto column = static_cast<std::size_t>(tensor.rows.file_row(row));
    for (std::size_t i = 0; i < static_cast<std::size_t>(result.dim(1)); ++i, out += width) {
      std::memcpy(out, stored.data() + (i * columns + column) * width, width);
    }
  }
  return result;
}

/// 16-bit floats that stay as they are: the bytes are copied, only exponents are looked at.
bool copy_half(const ByteSource& source, const StoredTensor& tensor, Tensor& result) {
  const std::uint16_t exponent = result.dtype() == DType::F16 ? 0x7C00 : 0x7F80;
  std::span<std::uint16_t> rest = result.as<std::uint16_t>();
  bool finite = true;
  for (std::uint64_t offset = tensor.info.offset; !rest.empty();) {
    const auto piece = rest.first(std::min<std::size_t>(rest.size(), kPieceBytes / 2));
    source.read(offset, std::as_writable_bytes(piece));
    for (const std::uint16_t bits : piece) finite = finite && (bits & exponent) != exponent;
    rest = rest.subspan(piece.size());
    offset += piece.size_bytes();
  }
  return finite;
}

/// 64-bit integers, which have no DType of their own, where each fits 32 bits.
Tensor read_narrowed(const ByteSource& source, const StoredTensor& tensor) {
  Tensor result(DType::I32, tensor.info.shape);
  std::vector<std::int64_t> wide(result.as<std::int32_t>().size());
  source.read(tensor.info.offset, std::as_writable_bytes(std::span(wide)));
  for (std::size_t i = 0; i < wide.size(); ++i) {
    result.as<std::int32_t>()[i] = static_cast<std::int32_t>(wide[i]);
    if (result.as<std::int32_t>()[i] == wide[i]) continue;
    throw Error(ErrorKind::BadInput, source.name() + ": tensor " + in_quotes(tensor.info.name) +
                                         ": " + std::to_string(wide[i]) + " is beyond 32 bits");
  }
  return result;
}

}  // namespace

Tensor read_tensor(const ByteSource& source, const StoredTensor& tensor, DType as) {
  if (!tensor.strides.empty()) {
    StoredTensor gathered = tensor;
    gathered.strides.clear();
    gathered.info.offset = 0;
    return read_tensor(GatheredSource(source, tensor), gathered, as);
  }
  const bool is_float = as == DType::F32 || as == DType::F16 || as == DType::BF16;
  if (!is_float) {
    if (as == DType::I32 && tensor.type->name == "I64") return read_narrowed(source, tensor);
    if (tensor.type->memory != as) refuse_type(source, tensor, as);
    Tensor result(as, tensor.info.shape);
    source.read(tensor.info.offset, std::span(result.data(), result.bytes()));
    return result;
  }
  if (tensor.type->decode == nullptr) refuse_type(source, tensor, as);
  if (tensor.rows.turned) return read_turned(source, tensor, as);
  const bool plain_copy =
      tensor.type->memory == as && as != DType::F32 && tensor.rows.as_stored() && tensor.shift == 0;
  if (plain_copy) {
    Tensor result(as, tensor.info.shape);
    if (copy_half(source, tensor, result)) return result;
  }
  return read_numbers(source, tensor, as);
}

std::optional<QuantizedMatrix> read_q8_0_codes(const ByteSource& source,
                                               const StoredTensor& tensor) {
  if (tensor.type->name != "Q8_0" || tensor.info.shape.size() != 2) return std::nullopt;
  if (tensor.rows.is_part() || tensor.rows.turned) return std::nullopt;
  constexpr std::int64_t kGroup = 32;
  constexpr std::uint8_t kZeroPoint = 128;
  constexpr std::uint16_t kOne = 0x3C00;
  const StoredRows layout = layout_of(tensor);
  QuantizedMatrix matrix;
  matrix.scheme = {8, kGroup, Symmetry::Symmetric};
  matrix.out_features = tensor.info.shape[0];
  matrix.in_features = tensor.info.shape[1];
  const auto groups = static_cast<std::size_t>(matrix.num_groups());
  const auto all_groups = static_cast<std::size_t>(matrix.out_features) * groups;
  matrix.codes.resize(all_groups * kGroup);
  matrix.steps.resize(all_groups);
  matrix.zero_points.assign(all_groups, kZeroPoint);
  bool exact = true;
  for_each_piece(source, tensor, layout, [&](std::int64_t first, std::int64_t rows, auto bytes) {
    const std::byte* block = bytes.data();
    for (std::int64_t row = first; row < first + rows; ++row) {
      const auto to = static_cast<std::size_t>(tensor.rows.model_row(row)) * groups;
      for (std::size_t g = to; g < to + groups; ++g, block += 2 + kGroup) {
        std::uint16_t step = 0;
        std::memcpy(&step, block, sizeof(step));
        const bool is_zero = (step & 0x7FFFU) == 0;
        exact = exact && (is_zero || (step & 0x8000U) == 0) && (step & 0x7C00U) != 0x7C00U;
        // Steps are positive: a block of step 0 is all zero codes under any step.
        matrix.steps[g] = is_zero ? kOne : step;
        for (std::size_t i = 0; i < kGroup; ++i) {
          const auto code = std::to_integer<std::uint8_t>(block[2 + i]);
          matrix.codes[g * kGroup + i] = is_zero ? kZeroPoint : code ^ 0x80U;
        }
      }
    }
  });
  if (!exact) return std::nullopt;
  return matrix;
}

}  // namespace salient
