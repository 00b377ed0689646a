// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "model.safetensors";

/// The tiny model with something else in the place of its weights.
BadInput instead(const char* id, const char* name, const char* says,
                 const std::function<void(const fs::path& weights)>& put) {
  return {id, name, Outcome::Refused, says, [put](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            fs::remove(folder / kWeights);
            put(folder / kWeights);
            return fs::path();
          }};
}

/// A header of `bytes` bytes that ends in spaces.
void write_padded_header(const fs::path& file, std::size_t bytes) {
  std::string header = "{}";
  header.resize(bytes, ' ');
  write_bytes(file, safetensors_bytes(header, ""));
}

void write_million_names(const fs::path& file) {
  std::string header = "{";
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    header += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) +
              R"(":{"dtype":"F16","shape":[1],"data_offsets":[)" + std::to_string(2 * i) + "," +
              std::to_string(2 * i + 2) + "]}";
  }
  const std::string bytes = safetensors_bytes(header + "}", "");
  write_bytes(file, bytes);
  fs::resize_file(file, bytes.size() + 2'000'000);
}

}  // namespace

std::vector<BadInput> hostile_file_inputs() {
  BadInput over = instead("S07", "over the limit", "at most 100000000 are allowed",
                          [](const fs::path& file) { write_padded_header(file, 100'000'001); });
  BadInput at_limit = instead("S07b", "at the limit", "tensors are missing",
                              [](const fs::path& file) { write_padded_header(file, 100'000'000); });
  BadInput names = instead("S28", "a million names", "tensors are missing", write_million_names);
  at_limit.seconds = names.seconds = 3.0;
  return {over,
          at_limit,
          names,
          instead("S32a", "a folder", "is a folder",
                  [](const fs::path& file) { fs::create_directory(file); }),
          instead("S32b", "a pipe", "is a pipe",
                  [](const fs::path& file) { ::mkfifo(file.c_str(), 0600); }),
          instead("S32c", "a link to a device", "is a link to",
                  [](const fs::path& file) { fs::create_symlink("/dev/zero", file); }),
          instead("S32d", "a loop of links", "is a link to",
                  [](const fs::path& file) { fs::create_symlink(kWeights, file); }),
          instead("S33", "sparse giant", "bytes after the last tensor",
                  [](const fs::path& file) {
                    write_bytes(file, safetensors_bytes(make_tiny_checkpoint().tensors));
                    fs::resize_file(file, 4ULL << 40U);
                  }),
          instead("S35", "Git LFS pointer", "is a Git LFS pointer, the weights were not downloaded",
                  [](const fs::path& file) {
                    write_bytes(file,
                                "version https://git-lfs.github.com/spec/v1\noid sha256:0000\n");
                  }),
          instead("S36", "web page", "is an HTML page",
                  [](const fs::path& file) { write_bytes(file, "<!DOCTYPE html><html></html>"); }),
          instead("S36b", "PyTorch file under this name", "zip archive: does not end",
                  [](const fs::path& file) { write_bytes(file, "PK\x03\x04rest of the archive"); }),
          instead("S36c", "no weights at all", "has none of", [](const fs::path&) {})};
}

}  // namespace salient::tests
