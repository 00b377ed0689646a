// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <stdexcept>

#include "tests/bad_inputs/bad_input.h"
#include "tests/split_gguf.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "tiny.gguf";
constexpr const char* kQ = "blk.0.attn_q.weight";

GgufTensor& find(TinyGguf& gguf, std::string_view name) {
  for (GgufTensor& tensor : gguf.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::out_of_range(std::string(name));
}

/// The tiny model with its tensors changed.
BadInput changed(const char* id, const char* name, Outcome outcome, const char* says,
                 const std::function<void(TinyGguf&)>& change) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            TinyGguf gguf = make_tiny_gguf(make_tiny_checkpoint());
            change(gguf);
            write_bytes(folder / kFile, gguf_bytes(gguf));
            return fs::path(kFile);
          }};
}

BadInput shape(const char* id, const char* name, const char* says,
               const std::vector<std::uint64_t>& dims, std::uint32_t type = 1) {
  return changed(id, name, Outcome::Refused, says, [=](TinyGguf& gguf) {
    find(gguf, kQ).shape = dims;
    find(gguf, kQ).type = type;
  });
}

BadInput type(const char* id, std::uint32_t number, Outcome outcome, const char* says) {
  return changed(id, "tensor type", outcome, says,
                 [=](TinyGguf& gguf) { find(gguf, kQ).type = number; });
}

BadInput named(const char* id, const char* name, const char* says, const std::string& tensor) {
  return changed(id, name, Outcome::Refused, says,
                 [=](TinyGguf& gguf) { find(gguf, kQ).name = tensor; });
}

/// The eight bytes of q's offset are replaced.
BadInput offset(const char* id, const char* name, const char* says,
                const std::function<std::uint64_t(std::uint64_t)>& change) {
  return {id, name, Outcome::Refused, says, [change](const fs::path& folder) {
            std::string bytes = gguf_bytes(make_tiny_gguf(make_tiny_checkpoint()));
            const std::size_t at = bytes.find(kQ) + std::string_view(kQ).size() + 4 + 16 + 4;
            std::uint64_t value = 0;
            for (std::size_t i = 8; i-- > 0;) {
              value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
            }
            value = change(value);
            for (std::size_t i = 0; i < 8; ++i) {
              bytes[at + i] = static_cast<char>(value >> (8 * i));
            }
            write_bytes(folder / kFile, bytes);
            return fs::path(kFile);
          }};
}

/// A model with rows of 256, so that the K types fit.
BadInput wide(const char* id, std::uint32_t number, std::size_t block_bytes, const char* says) {
  return {id, "quantized source", Outcome::Warned, says, [=](const fs::path& folder) {
            TinyGguf gguf =
                make_tiny_gguf(make_tiny_checkpoint({.hidden_size = 256, .head_dim = 64}));
            GgufTensor& q = find(gguf, kQ);
            q.type = number;
            q.bytes = std::string(256 * block_bytes, '\0');
            write_bytes(folder / kFile, gguf_bytes(gguf));
            return fs::path(kFile);
          }};
}

std::vector<BadInput> shape_rows() {
  return {shape("G18a", "5 dimensions", "has 5 dimensions", {64, 64, 1, 1, 1}),
          {"G18b", "2^32-1 dimensions", Outcome::Refused, "has 4294967295 dimensions",
           [](const fs::path& folder) {
             std::string bytes = gguf_bytes(make_tiny_gguf(make_tiny_checkpoint()));
             bytes.replace(bytes.find(kQ) + std::string_view(kQ).size(), 4, 4, '\xFF');
             write_bytes(folder / kFile, bytes);
             return fs::path(kFile);
           }},
          shape("G19a", "dimension 2^63", "dimension of 9223372036854775808", {1ULL << 63U, 1}),
          shape("G19b", "dimension 0", "dimension of 0", {64, 0}),
          shape("G20", "product wraps", "too large", {1ULL << 32U, 1ULL << 32U, 1, 1}),
          shape("G20b", "bytes wrap", "too large", {1ULL << 62U, 1}, 0),
          shape("G22", "row not in blocks", "not whole blocks of 32", {33, 64}, 2),
          changed("G35", "other shape than the config's", Outcome::Refused, "expected [64, 64]",
                  [](TinyGguf& gguf) {
                    find(gguf, kQ).shape = {64, 32};
                    find(gguf, kQ).bytes.resize(64 * 32 * 2);
                  })};
}

std::vector<BadInput> type_rows() {
  return {type("G21a", 4, Outcome::Refused, "type 4 is not known"),
          type("G21b", 5, Outcome::Refused, "type 5 is not known"),
          type("G21c", 31, Outcome::Refused, "type 31 is not known"),
          type("G21d", 99, Outcome::Refused, "type 99 is not known"),
          type("G21e", 1U << 31U, Outcome::Refused, "type 2147483648 is not known"),
          changed("G21f", "a type that cannot be decoded", Outcome::Unsupported,
                  "type MXFP4 is not supported",
                  [](TinyGguf& gguf) {
                    find(gguf, kQ).type = 39;
                    find(gguf, kQ).bytes.resize(64 * 2 * 17);
                  }),
          wide("G31a", 12, 144, "quantizing from Q4_K"),
          wide("G31b", 14, 210, "quantizing from Q6_K"),
          {"G31c", "quantized source", Outcome::Warned, "quantizing from Q8_0",
           [](const fs::path& folder) {
             write_bytes(folder / kFile,
                         gguf_bytes(make_tiny_gguf(make_tiny_checkpoint(), GgufWeights::Q8_0)));
             return fs::path(kFile);
           }}};
}

/// Three parts of the tiny model, changed.
BadInput parts(const char* id, const char* name, const char* says,
               const std::function<void(std::vector<TinyGguf>&)>& change) {
  return {id, name, Outcome::Refused, says, [change](const fs::path& folder) {
            auto all = split_gguf(make_tiny_gguf(make_tiny_checkpoint()), 3);
            change(all);
            write_gguf_parts(all, folder);
            return fs::path(gguf_part_name(0, 3));
          }};
}

/// One part has another value for a key.
BadInput part_key(const char* id, const char* name, const char* says, std::size_t part,
                  const std::string& key, std::int64_t value) {
  return parts(id, name, says, [=](std::vector<TinyGguf>& all) {
    std::erase_if(all[part].metadata, [&](const GgufEntry& e) { return e.first == key; });
    all[part].metadata.push_back(split_entry(key, value));
  });
}

std::vector<BadInput> split_rows() {
  return {
      {"G29b", "one part missing", Outcome::Refused,
       "is one of 3 parts, these are missing: tiny-00002-of-00003.gguf",
       [](const fs::path& folder) {
         write_gguf_parts(split_gguf(make_tiny_gguf(make_tiny_checkpoint()), 3), folder);
         fs::remove(folder / gguf_part_name(1, 3));
         return fs::path(gguf_part_name(2, 3));
       }},
      {"G29c", "a part is a link out", Outcome::Refused, "is a link to",
       [](const fs::path& folder) {
         write_gguf_parts(split_gguf(make_tiny_gguf(make_tiny_checkpoint()), 3), folder);
         fs::rename(folder / gguf_part_name(1, 3), folder / "elsewhere");
         fs::create_symlink("elsewhere", folder / gguf_part_name(1, 3));
         return fs::path(gguf_part_name(0, 3));
       }},
      part_key("G29d", "another count", "split.count is 4, other parts say 3", 2, "split.count", 4),
      part_key("G29e", "parts swapped", "split.no is 2, by its name the file is part 1", 1,
               "split.no", 2),
      part_key("G29f", "another total", "split.tensors.count is 7, the parts have 21", 0,
               "split.tensors.count", 7),
      part_key("G29g", "too many parts", "split.count is 600, at most 512", 0, "split.count", 600),
      parts("G29h", "a tensor in two parts", "is also in tiny-00001-of-00003.gguf",
            [](std::vector<TinyGguf>& all) { all[2].tensors.push_back(all[0].tensors.front()); }),
      {"G29i", "a part is cut", Outcome::Refused, "tiny-00002-of-00003.gguf",
       [](const fs::path& folder) {
         write_gguf_parts(split_gguf(make_tiny_gguf(make_tiny_checkpoint()), 3), folder);
         const fs::path part = folder / gguf_part_name(1, 3);
         fs::resize_file(part, fs::file_size(part) / 2);
         return fs::path(gguf_part_name(0, 3));
       }}};
}

std::vector<BadInput> name_and_offset_rows() {
  return {offset("G23a", "offset odd", "is no multiple of the alignment",
                 [](std::uint64_t at) { return at + 1; }),
          offset("G23b", "offset past the end", "belong to no tensor",
                 [](std::uint64_t) { return 1ULL << 30U; }),
          offset("G23c", "offset wraps", "belong to no tensor",
                 [](std::uint64_t) { return std::numeric_limits<std::uint64_t>::max() - 31; }),
          offset("G24", "offsets overlap", "overlap", [](std::uint64_t) { return 0; }),
          named("G25a", "name twice", "comes twice", "blk.0.attn_k.weight"),
          named("G25b", "name of 64 bytes", "a tensor name has 64 bytes", std::string(64, 'n')),
          named("G25c", "name not UTF-8", "is not UTF-8", "blk.0.\xFF.weight"),
          named("G25d", "another spelling of block 0", "tensor is missing", "blk.00.attn_q.weight"),
          changed("G36", "an unknown tensor", Outcome::Warned, "\"odd.weight\"",
                  [](TinyGguf& gguf) {
                    gguf.tensors.push_back({"odd.weight", {1}, 0, std::string(4, '\0')});
                  }),
          {"G37", "bytes behind the end", Outcome::Warned, "100 bytes after the last tensor",
           [](const fs::path& folder) {
             write_bytes(folder / kFile, gguf_bytes(make_tiny_gguf(make_tiny_checkpoint())) +
                                             std::string(100, 'x'));
             return fs::path(kFile);
           }}};
}

}  // namespace

std::vector<BadInput> gguf_tensor_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {shape_rows(), type_rows(), name_and_offset_rows(), split_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
