// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "tiny.gguf";
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

template <class T>
std::string raw(T value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  return {bytes.data(), bytes.size()};
}

std::string start(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(keys);
}

std::string text(std::string_view value) {
  return raw(static_cast<std::uint64_t>(value.size())) + std::string(value);
}

std::string whole() {
  return gguf_bytes(make_tiny_gguf(make_tiny_checkpoint()));
}

/// `start` bytes, then a hole up to `size`.
BadInput file(const char* id, const char* name, const char* says, const std::string& bytes,
              std::uint64_t size = 0) {
  return {id, name, Outcome::Refused, says, [=](const fs::path& folder) {
            write_bytes(folder / kFile, bytes);
            if (size > 0) fs::resize_file(folder / kFile, size);
            return fs::path(kFile);
          }};
}

/// The tiny model with one metadata entry added or replaced.
BadInput entry(const char* id, const char* name, Outcome outcome, const char* says,
               const std::string& key, const std::string& value) {
  return {id, name, outcome, says, [=](const fs::path& folder) {
            TinyGguf gguf = make_tiny_gguf(make_tiny_checkpoint());
            std::erase_if(gguf.metadata, [&](const GgufEntry& e) { return e.first == key; });
            if (!value.empty()) gguf.metadata.emplace_back(key, value);
            write_bytes(folder / kFile, gguf_bytes(gguf));
            return fs::path(kFile);
          }};
}

BadInput changed(const char* id, const char* name, const char* says,
                 const std::function<void(TinyGguf&)>& change) {
  return {id, name, Outcome::Refused, says, [=](const fs::path& folder) {
            TinyGguf gguf = make_tiny_gguf(make_tiny_checkpoint());
            change(gguf);
            write_bytes(folder / kFile, gguf_bytes(gguf));
            return fs::path(kFile);
          }};
}

BadInput key(const char* id, const char* name, const char* says, const std::string& key_bytes,
             const std::string& value) {
  return file(id, name, says, start(0, 1) + key_bytes + value + std::string(64, '\0'));
}

/// The model up to the end of its tensor list, before the padding.
std::string header_only() {
  constexpr std::string_view kLast = "output.weight";
  const std::string bytes = whole();
  return bytes.substr(0, bytes.rfind(kLast) + kLast.size() + 4 + 16 + 4 + 8);
}

std::vector<BadInput> start_rows() {
  std::string swapped = whole();
  swapped.replace(4, 4, std::string("\0\0\0\3", 4));
  const auto version = [](std::uint32_t number) {
    std::string bytes = whole();
    return bytes.replace(4, 4, raw(number));
  };
  return {file("G01a", "three letters", "needs at least 24 bytes", "GGU"),
          file("G01b", "four letters", "needs at least 24 bytes", "GGUF"),
          file("G01c", "empty", "empty file", ""),
          file("G02a", "version 0", "version 0, 2 and 3 are known", version(0)),
          file("G02b", "version 1", "version 1, 2 and 3 are known", version(1)),
          file("G02c", "version 4", "version 4, 2 and 3 are known", version(4)),
          file("G02d", "version 2^31", "version 2147483648, 2 and 3 are known", version(1U << 31U)),
          {"G02e", "version 2", Outcome::Accepted, "",
           [bytes = version(2)](const fs::path& folder) {
             write_bytes(folder / kFile, bytes);
             return fs::path(kFile);
           }},
          file("G03", "big-endian", "big-endian", swapped),
          file("G04", "key count 2^63", "9223372036854775808 metadata keys",
               start(0, 1ULL << 63U) + std::string(1000, '\0')),
          file("G05", "key count 10^9", "needs at least 14000000000 bytes",
               start(0, 1'000'000'000) + std::string(1000, '\0')),
          file("G06", "tensor count 2^64-1", "18446744073709551615 tensors",
               start(kMost, 0) + std::string(1000, '\0')),
          file("G06b", "tensor count above the bytes", "1000 tensors needs at least 33000 bytes",
               start(1000, 0) + std::string(1000, '\0')),
          file("G33", "cut at 60 %", "short by", whole().substr(0, whole().size() * 6 / 10)),
          file("G26", "no data section", "short by", header_only())};
}

std::vector<BadInput> key_rows() {
  const std::string one = gguf_u32(1);
  const std::string string_type = raw(std::uint32_t{8});
  const auto array = [](std::uint32_t kind, std::uint64_t count) {
    return raw(std::uint32_t{9}) + raw(kind) + raw(count);
  };
  std::vector<BadInput> rows = {
      key("G07", "key length 2^64-1", "byte 24: a key of 18446744073709551615 bytes", raw(kMost),
          ""),
      file("G08", "string past the end by 1", "a string of 5 bytes, 4 are left",
           start(0, 1) + text("k") + string_type + raw(std::uint64_t{5}) + "abcd"),
      key("G09a", "empty key", "a key is empty", text(""), one),
      changed("G09b", "key twice", "general.extra comes twice",
              [one](TinyGguf& gguf) {
                gguf.metadata.emplace_back("general.extra", one);
                gguf.metadata.emplace_back("general.extra", one);
              }),
      key("G10a", "key not ASCII", "is not plain ASCII", text("cl\xC3\xA9"), one),
      file("G10b", "key of 70000 bytes", "a key has 70000 bytes",
           start(0, 1) + text(std::string(70'000, 'k')) + one),
      key("G11a", "value type 13", "value type 13 is not known", text("k"), raw(std::uint32_t{13})),
      key("G11b", "value type 255", "value type 255 is not known", text("k"),
          raw(std::uint32_t{255})),
      key("G11c", "value type 2^31", "value type 2147483648 is not known", text("k"),
          raw(std::uint32_t{1U << 31U})),
      key("G11d", "array of arrays", "array of arrays", text("k"), array(9, 1)),
      key("G12", "array of 2^61", "at most 16777216 are allowed", text("k"),
          array(10, 1ULL << 61U)),
      file("G13a", "many empty strings", "at most 16777216 are allowed",
           start(0, 1) + text("k") + array(8, 25'000'000), 200'000'100),
      file("G13b", "as many as allowed", "a tensor name has 0 bytes",
           start(1, 1) + text("k") + array(8, 16 * 1024 * 1024), (16ULL << 23U) + 1000),
      file("G13c", "as many tokens", "a vocabulary has at most 4194304",
           start(1, 1) + text("tokenizer.ggml.tokens") + array(8, 16 * 1024 * 1024),
           (16ULL << 23U) + 1000),
      key("G14", "boolean 2", "a boolean is 2", text("k"), raw(std::uint32_t{7}) + "\x02"),
      key("G14b", "boolean 2 in an array", "a boolean is 2", text("k"), array(7, 2) + "\x01\x02"),
      file("G32", "a token of 100 MB", "a token has at most 65536",
           start(0, 1) + text("tokenizer.ggml.tokens") + array(8, 1) +
               raw(std::uint64_t{100'000'000}),
           100'001'000)};
  rows[11].mebibytes = rows[12].mebibytes = 64;
  return rows;
}

std::vector<BadInput> meaning_rows() {
  using enum Outcome;
  return {entry("G15", "alignment 0", Refused, "general.alignment is 0", "general.alignment",
                gguf_u32(0)),
          entry("G16a", "alignment 3", Refused, "general.alignment is 3", "general.alignment",
                gguf_u32(3)),
          entry("G16b", "alignment 7", Refused, "general.alignment is 7", "general.alignment",
                gguf_u32(7)),
          entry("G16c", "alignment 12", Refused, "general.alignment is 12", "general.alignment",
                gguf_u32(12)),
          entry("G17a", "alignment as text", Refused, "is not of type u32", "general.alignment",
                gguf_string("32")),
          entry("G17b", "alignment as i32", Refused, "is not of type u32", "general.alignment",
                raw(std::uint32_t{5}) + raw(std::int32_t{32})),
          entry("G27a", "architecture missing", Refused, "general.architecture is missing",
                "general.architecture", ""),
          entry("G27b", "architecture unknown", Unsupported, "\"xyz\" is not supported",
                "general.architecture", gguf_string("xyz")),
          entry("G27c", "architecture is a number", Refused,
                "general.architecture has another type", "general.architecture", gguf_u32(1)),
          entry("G28a", "fewer blocks said than there are", Refused, "but there is \"blk.1.",
                "llama.block_count", gguf_u32(1)),
          entry("G28b", "more blocks said than there are", Refused,
                "model.layers.2.input_layernorm", "llama.block_count", gguf_u32(3)),
          entry("G28c", "a thousand million blocks", Refused, "llama.block_count is 1000000000",
                "llama.block_count", gguf_u32(1'000'000'000)),
          entry("G29", "split file alone", Refused,
                "missing: tiny-00001-of-00003.gguf, tiny-00002-of-00003.gguf", "split.count",
                raw(std::uint32_t{2}) + raw(std::uint16_t{3})),
          changed("G30a", "fewer tokens than rows", "255 tokens for an embedding of 256 rows",
                  [](TinyGguf& gguf) {
                    std::erase_if(gguf.metadata, [](const GgufEntry& e) {
                      return e.first.starts_with("tokenizer.ggml.to");
                    });
                    gguf.metadata.emplace_back(
                        "tokenizer.ggml.tokens",
                        gguf_string_array(std::vector<std::string>(255, "t")));
                  }),
          entry("G30b", "types for other tokens", Refused, "has 3 elements for 256 tokens",
                "tokenizer.ggml.token_type", gguf_i32_array({1, 1, 1})),
          entry("G34a", "eps of 0", Refused, "layer_norm_rms_epsilon is out of range",
                "llama.attention.layer_norm_rms_epsilon", gguf_f32(0.0F)),
          entry("G34b", "heads of text", Refused, "is no integer", "llama.attention.head_count",
                gguf_string("4")),
          entry("G34c", "partial rotary", Unsupported, "llama.rope.dimension_count is 8",
                "llama.rope.dimension_count", gguf_u32(8)),
          entry("G34d", "experts", Unsupported, "llama.expert_count is 8", "llama.expert_count",
                gguf_u32(8)),
          entry("G34e", "unknown rotary scaling", Unsupported, "\"yarn\" is not supported",
                "llama.rope.scaling.type", gguf_string("yarn")),
          entry("G34f", "template of 2 MiB", Warned, "chat_template", "tokenizer.chat_template",
                gguf_string(std::string(2 << 20, 'x')))};
}

}  // namespace

std::vector<BadInput> gguf_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {start_rows(), key_rows(), meaning_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
