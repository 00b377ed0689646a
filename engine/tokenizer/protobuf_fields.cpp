// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/protobuf_fields.h"

#include <bit>

#include "engine/error.h"

namespace salient {
namespace {

constexpr unsigned kMaxVarintBytes = 10;
constexpr std::uint64_t kMaxFieldNumber = (std::uint64_t{1} << 29U) - 1;

}  // namespace

void ProtobufReader::refuse(const std::string& sentence) const {
  throw Error(ErrorKind::BadInput,
              file_ + ": offset " + std::to_string(base_ + at_) + ": " + sentence);
}

std::uint64_t ProtobufReader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < kMaxVarintBytes; ++i) {
    if (at_ >= message_.size()) refuse("the file ends inside a number");
    const auto byte = static_cast<unsigned char>(message_[at_++]);
    if (i == kMaxVarintBytes - 1 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if (byte < 0x80) return value;
  }
  refuse("a number of more than 64 bits");
}

std::string_view ProtobufReader::take(std::uint64_t length) {
  const std::size_t left = message_.size() - at_;
  if (length > left) {
    refuse("a field of " + std::to_string(length) + " bytes, " + std::to_string(left) +
           " are left");
  }
  const std::string_view bytes = message_.substr(at_, static_cast<std::size_t>(length));
  at_ += bytes.size();
  return bytes;
}

std::uint32_t ProtobufReader::read_fixed32() {
  std::uint32_t value = 0;
  unsigned shift = 0;
  for (const char byte : take(4)) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << shift;
    shift += 8;
  }
  return value;
}

bool ProtobufReader::next(ProtobufField& field) {
  if (at_ >= message_.size()) return false;
  field = {};
  field.offset = base_ + at_;
  const std::uint64_t tag = read_varint();
  if (tag >> 3U == 0 || tag >> 3U > kMaxFieldNumber) refuse("a field number that cannot be");
  field.number = static_cast<std::uint32_t>(tag >> 3U);
  const auto type = static_cast<WireType>(tag & 7U);
  field.type = type;
  switch (type) {
    case WireType::Varint:
      field.varint = read_varint();
      return true;
    case WireType::Fixed64:
      take(8);
      return true;
    case WireType::Fixed32:
      field.fixed32 = read_fixed32();
      return true;
    case WireType::Bytes: {
      const std::uint64_t length = read_varint();
      field.bytes_offset = base_ + at_;
      field.bytes = take(length);
      return true;
    }
  }
  refuse("wire type " + std::to_string(tag & 7U) + ", groups are not used in these files");
}

void ProtobufWriter::append_varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
    value >>= 7U;
  }
  bytes_.push_back(static_cast<char>(value));
}

void ProtobufWriter::put_varint(std::uint32_t number, std::uint64_t value) {
  append_varint(std::uint64_t{number} << 3U);
  append_varint(value);
}

void ProtobufWriter::put_float(std::uint32_t number, float value) {
  append_varint((std::uint64_t{number} << 3U) | static_cast<std::uint64_t>(WireType::Fixed32));
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes_.push_back(static_cast<char>((bits >> shift) & 0xFFU));
  }
}

void ProtobufWriter::put_bytes(std::uint32_t number, std::string_view bytes) {
  append_varint((std::uint64_t{number} << 3U) | static_cast<std::uint64_t>(WireType::Bytes));
  append_varint(bytes.size());
  bytes_ += bytes;
}

}  // namespace salient
