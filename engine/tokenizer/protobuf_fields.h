// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fields of one protobuf message, one after the other, with bounds checked before anything is
// looked at, and a writer for the few kinds that we write. Groups are refused, so nothing recurses.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace salient {

enum class WireType { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct ProtobufField {
  std::uint32_t number = 0;
  WireType type = WireType::Varint;
  std::uint64_t varint = 0;
  std::uint32_t fixed32 = 0;
  std::string_view bytes;
  std::size_t offset = 0;  ///< of the field in the file
  std::size_t bytes_offset = 0;
};

class ProtobufReader {
 public:
  /// `base` is where `message` begins in `file`; both are for errors.
  ProtobufReader(std::string_view message, std::size_t base, const std::string& file)
      : message_(message), base_(base), file_(file) {}

  /// Reads the next field; false at the end. Throws Error(BadInput) with the offset.
  bool next(ProtobufField& field);

 private:
  std::uint64_t read_varint();
  std::uint32_t read_fixed32();
  std::string_view take(std::uint64_t length);
  [[noreturn]] void refuse(const std::string& sentence) const;

  std::string_view message_;
  std::size_t at_ = 0;
  std::size_t base_;
  const std::string& file_;
};

class ProtobufWriter {
 public:
  void put_varint(std::uint32_t number, std::uint64_t value);
  void put_float(std::uint32_t number, float value);
  void put_bytes(std::uint32_t number, std::string_view bytes);
  std::string take() { return std::move(bytes_); }

 private:
  void append_varint(std::uint64_t value);
  std::string bytes_;
};

}  // namespace salient
