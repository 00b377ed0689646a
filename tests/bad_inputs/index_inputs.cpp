// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <unistd.h>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kFirst = "model-00001-of-00003.safetensors";
constexpr const char* kLast = "model-00003-of-00003.safetensors";
constexpr const char* kNorm = "model.norm.weight";

Json read_index(const fs::path& folder) {
  std::string text(fs::file_size(folder / kIndex), '\0');
  std::FILE* file = std::fopen((folder / kIndex).c_str(), "rb");
  const std::size_t got = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  return Json::parse(text.substr(0, got));
}

/// The tiny model in three shards, then changed.
BadInput sharded(const char* id, const char* name, Outcome outcome, const char* says,
                 const std::function<void(const fs::path& folder)>& change) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            const fs::path model = folder / "model";
            write_sharded_folder(make_tiny_checkpoint(), model, 3);
            change(model);
            return fs::path("model");
          }};
}

BadInput index(const char* id, const char* name, Outcome outcome, const char* says,
               const std::function<void(Json&)>& change) {
  return sharded(id, name, outcome, says, [change](const fs::path& folder) {
    Json json = read_index(folder);
    change(json);
    write_bytes(folder / kIndex, json.dump());
  });
}

/// The index names `shard` for one tensor.
BadInput shard_name(const char* id, const char* name, const std::string& shard) {
  return index(id, name, Outcome::Refused, "is not a plain file name",
               [shard](Json& json) { json["weight_map"][kNorm] = shard; });
}

std::vector<BadInput> name_rows() {
  return {shard_name("X01", "parent folder", "../../other/secret.safetensors"),
          shard_name("X02", "absolute", "/etc/hostname"),
          shard_name("X04", "folder in the name", "sub/shard.safetensors"),
          shard_name("X11a", "backslash", "a\\b"),
          shard_name("X11b", "300 characters", std::string(300, 'a')),
          shard_name("X11c", "dot", "."),
          shard_name("X11d", "empty", ""),
          shard_name("X11e", "trailing dot", "a."),
          shard_name("X11f", "dot dot", ".."),
          shard_name("X11g", "control character", "a\nb"),
          index("X11h", "not a name", Outcome::Refused, "no file name",
                [](Json& json) { json["weight_map"][kNorm] = 1; }),
          index("X16", "case twins", Outcome::Refused, "differ in case only", [](Json& json) {
            json["weight_map"][kNorm] = "MODEL-00003-of-00003.safetensors";
          })};
}

std::vector<BadInput> link_rows() {
  return {sharded("X03", "link out", Outcome::Refused, "is a link to",
                  [](const fs::path& folder) {
                    fs::rename(folder / kLast, folder.parent_path() / "outside");
                    fs::create_symlink("../outside", folder / kLast);
                  }),
          sharded("X05", "hard link of another owner",
                  ::geteuid() == 0 ? Outcome::Warned : Outcome::Accepted,
                  "hard link to a file of another owner",
                  [](const fs::path& folder) {
                    fs::create_hard_link(folder / kLast, folder.parent_path() / "private");
                    [[maybe_unused]] const int result =
                        ::chown((folder / kLast).c_str(), 65534, 65534);
                  }),
          {"X14", "cache layout", Outcome::Accepted, "",
           [](const fs::path& folder) {
             const fs::path repository = folder / "models--a--b";
             write_sharded_folder(make_tiny_checkpoint(), repository / "blobs", 2);
             const fs::path snapshot = repository / "snapshots" / "x";
             fs::create_directories(snapshot);
             for (const auto& entry : fs::directory_iterator(repository / "blobs")) {
               const fs::path name = entry.path().filename();
               fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
             }
             return fs::path("models--a--b/snapshots/x");
           }},
          {"X14b", "link out of the cached repository", Outcome::Refused, "is a link to",
           [](const fs::path& folder) {
             const fs::path snapshot = folder / "models--a--b" / "snapshots" / "x";
             write_folder(make_tiny_checkpoint(), snapshot);
             fs::create_directories(folder / "models--a--b" / "blobs");
             fs::rename(snapshot / "model.safetensors", folder / "outside");
             fs::create_symlink("../../../outside", snapshot / "model.safetensors");
             return fs::path("models--a--b/snapshots/x");
           }},
          {"X14c", "blobs of the cached repository are a link", Outcome::Refused, "is a link to",
           [](const fs::path& folder) {
             const fs::path snapshot = folder / "models--a--b" / "snapshots" / "x";
             write_folder(make_tiny_checkpoint(), snapshot);
             fs::create_directories(folder / "outside");
             fs::create_symlink("../outside", folder / "models--a--b" / "blobs");
             fs::rename(snapshot / "model.safetensors", folder / "outside" / "secret");
             fs::create_symlink("../../blobs/secret", snapshot / "model.safetensors");
             return fs::path("models--a--b/snapshots/x");
           }}};
}

std::vector<BadInput> shard_rows() {
  return {sharded("X06", "shards missing", Outcome::Refused,
                  "model-00001-of-00003.safetensors, model-00003-of-00003.safetensors",
                  [](const fs::path& folder) {
                    fs::remove(folder / kFirst);
                    fs::remove(folder / kLast);
                  }),
          sharded("X07", "last shard cut", Outcome::Refused, "the file is short by",
                  [](const fs::path& folder) {
                    fs::resize_file(folder / kLast, fs::file_size(folder / kLast) / 2);
                  }),
          sharded("X08", "tensor in two shards", Outcome::Refused,
                  "is in two shards, model-00001-of-00003.safetensors and "
                  "model-00003-of-00003.safetensors",
                  [](const fs::path& folder) {
                    const TinyCheckpoint tiny = make_tiny_checkpoint();
                    const auto count = static_cast<std::ptrdiff_t>(tiny.tensors.size());
                    std::vector<TinyTensor> part(tiny.tensors.begin() + count * 2 / 3,
                                                 tiny.tensors.end());
                    part.push_back(tiny.tensors.front());
                    part.back().bytes[0] ^= 1;
                    write_bytes(folder / kLast, safetensors_bytes(part));
                  }),
          index("X09", "tensor nowhere", Outcome::Refused, "\"x.weight\" is not in",
                [](Json& json) { json["weight_map"]["x.weight"] = kFirst; }),
          index("X09b", "tensor in another shard", Outcome::Refused, "it is in",
                [](Json& json) { json["weight_map"][kNorm] = kFirst; }),
          sharded("X17", "unlisted tensor", Outcome::Warned, "x.weight",
                  [](const fs::path& folder) {
                    const TinyCheckpoint tiny = make_tiny_checkpoint();
                    const auto count = static_cast<std::ptrdiff_t>(tiny.tensors.size());
                    std::vector<TinyTensor> part(tiny.tensors.begin() + count * 2 / 3,
                                                 tiny.tensors.end());
                    part.push_back({"x.weight", "F16", {1}, std::string(2, '\0')});
                    write_bytes(folder / kLast, safetensors_bytes(part));
                  }),
          sharded("X12", "both kinds", Outcome::Warned, "the index is used",
                  [](const fs::path& folder) {
                    TinyCheckpoint other = make_tiny_checkpoint({.seed = 2});
                    write_bytes(folder / "model.safetensors", safetensors_bytes(other.tensors));
                  })};
}

std::vector<BadInput> json_rows() {
  BadInput huge =
      sharded("X15", "huge index", Outcome::Refused, "at most 67108864 are read",
              [](const fs::path& folder) { fs::resize_file(folder / kIndex, 2ULL << 30U); });
  huge.mebibytes = 64;
  return {index("X10a", "no weight_map", Outcome::Refused, "has no weight_map",
                [](Json& json) { json.erase("weight_map"); }),
          index("X10b", "empty weight_map", Outcome::Refused, "weight_map is empty",
                [](Json& json) { json["weight_map"] = Json::object(); }),
          index("X10c", "weight_map is a list", Outcome::Refused, "an array is not expected",
                [](Json& json) { json["weight_map"] = Json::array({1}); }),
          index("X10d", "an array", Outcome::Refused, "an array instead of an object",
                [](Json& json) { json = Json::array(); }),
          index("X13a", "total of 0", Outcome::Warned, "total_size is not",
                [](Json& json) { json["metadata"]["total_size"] = 0; }),
          index("X13b", "total of 2^63", Outcome::Warned, "total_size is not",
                [](Json& json) { json["metadata"]["total_size"] = 1ULL << 63U; }),
          index("X13c", "total with a fraction", Outcome::Accepted, "",
                [](Json& json) {
                  const double total = json["metadata"]["total_size"];
                  json["metadata"]["total_size"] = total;
                }),
          sharded("X18", "tensor listed twice", Outcome::Refused, "comes twice",
                  [](const fs::path& folder) {
                    std::string text = read_index(folder).dump();
                    const std::string pair = R"("model.norm.weight":"other.safetensors",)";
                    text.insert(text.find("\"model.embed"), pair);
                    write_bytes(folder / kIndex, text);
                  }),
          huge};
}

}  // namespace

std::vector<BadInput> index_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {name_rows(), link_rows(), shard_rows(), json_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
