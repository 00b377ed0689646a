// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/opened_checkpoint.h"
#include "engine/error.h"

namespace salient {

CheckpointParts open_gguf(const std::filesystem::path& file) {
  throw Error(ErrorKind::Unsupported, file.filename().string() + ": GGUF is not read yet");
}

}  // namespace salient
