// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/model_folder.h"

#include <algorithm>

#include <sys/stat.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntries = 100'000;
constexpr std::string_view kCachePrefix = "models--";

}  // namespace

ModelFolder::ModelFolder(const fs::path& folder) {
  std::error_code error;
  folder_ = fs::canonical(folder, error);
  struct stat status {};
  if (error || ::stat(folder_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::BadInput,
                escaped(folder.string(), 4096) + ": is no folder that can be read");
  }
  owner_ = status.st_uid;
  const fs::path snapshots = folder_.parent_path();
  if (snapshots.filename() != "snapshots") return;
  // A link in the place of the blobs would make any folder part of the repository.
  const fs::path blobs = snapshots.parent_path() / "blobs";
  if (fs::is_directory(fs::symlink_status(blobs, error))) blobs_ = blobs;
}

std::string ModelFolder::model_name() const {
  if (blobs_.empty()) return escaped(folder_.filename().string());
  std::string name = blobs_.parent_path().filename().string();
  if (!name.starts_with(kCachePrefix)) return escaped(folder_.filename().string());
  name = name.substr(kCachePrefix.size());
  const std::size_t dashes = name.find("--");
  if (dashes != std::string::npos) name.replace(dashes, 2, "/");
  return escaped(name);
}

bool ModelFolder::has(const std::string& name) const {
  std::error_code error;
  return fs::exists(fs::symlink_status(folder_ / name, error));
}

fs::path ModelFolder::blob_behind(const std::string& name) const {
  const fs::path link = folder_ / name;
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  const fs::path reached = fs::weakly_canonical(folder_ / target, error);
  const std::string words = escaped(name, 255) + ": is a link to " + in_quotes(target.string());
  if (blobs_.empty() || error || reached.parent_path() != fs::weakly_canonical(blobs_, error)) {
    throw Error(ErrorKind::BadInput,
                words + ", links are followed inside a Hugging Face cache only");
  }
  if (!fs::exists(reached, error)) {
    throw Error(ErrorKind::BadInput, words + ", which is not there: the download is not complete");
  }
  return reached;
}

std::unique_ptr<FileSource> ModelFolder::open(const std::string& name) const {
  if (!has(name)) return nullptr;
  std::error_code error;
  const bool is_link = fs::is_symlink(fs::symlink_status(folder_ / name, error));
  const fs::path path = is_link ? blob_behind(name) : folder_ / name;
  return std::make_unique<FileSource>(path, Links::Refuse, name);
}

std::vector<std::string> ModelFolder::names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (names.size() == kMaxEntries) break;
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace salient
