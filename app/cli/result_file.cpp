// SPDX-License-Identifier: Apache-2.0
#include "app/cli/result_file.h"

#include "engine/error.h"
#include "engine/export/durable_file.h"

namespace salient::app {

void write_result_file(const std::filesystem::path& path, std::string_view bytes,
                       ExistingFile existing) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  if (std::filesystem::exists(status)) {
    if (existing == ExistingFile::Refuse) {
      throw Error(ErrorKind::BadInput, path.string() + " is there already; use -f to replace it");
    }
    // A rename would put a file in the place of the device or the link.
    if (!std::filesystem::is_regular_file(status)) {
      throw Error(ErrorKind::BadInput, path.string() + " is no plain file; choose another name");
    }
  }
  const Folder folder(system_files(), std::filesystem::absolute(path).parent_path());
  put_file(folder, path.filename().string(), bytes);
}

}  // namespace salient::app
