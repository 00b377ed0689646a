// SPDX-License-Identifier: Apache-2.0
#pragma once

// The directory of a zip archive, as torch.save writes one: stored entries only, whose bytes are
// later read in place. Accepted only when headers, data and directory tile the file, the directory
// and the local headers say the same, and no name comes twice, so that no other reader can see
// another archive in the same file. Libraries of Debian (libzip, minizip) give no offsets, which
// lazy reading needs, and follow many more features of the format than are wanted here.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/file_source.h"

namespace salient {

struct ZipEntry {
  std::string name;          ///< "archive/data/0": UTF-8, relative, no ".."
  std::uint64_t offset = 0;  ///< of its bytes, in the file
  std::uint64_t bytes = 0;
};

struct ZipArchive {
  std::vector<ZipEntry> entries;  ///< sorted by name
  std::string directory;          ///< the central directory's bytes; they hold every checksum

  const ZipEntry* find(std::string_view name) const;
};

/// Throws Error(BadInput) naming the file and entry.
ZipArchive read_zip_archive(const ByteSource& source);

/// Whether the file begins like a zip archive.
bool is_zip_archive(const ByteSource& source);

}  // namespace salient
