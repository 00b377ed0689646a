// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-256 (FIPS 180-4) of a stream of bytes. Own code, because the engine has to build where there
// is no OpenSSL and nothing else of it is needed. Not for secrets: no constant-time claims.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace salient {

enum class ShaInstructions { WhereFound, Never };

class Sha256 {
 public:
  static constexpr std::size_t kDigestBytes = 32;

  explicit Sha256(ShaInstructions instructions = ShaInstructions::WhereFound);

  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view bytes);
  /// The digest of everything so far; the object is used up.
  std::array<std::uint8_t, kDigestBytes> digest();
  /// 64 lower-case hexadecimal digits.
  std::string hex_digest();

 private:
  static constexpr std::size_t kBlockBytes = 64;
  void compress(const std::byte* blocks, std::size_t count);
  void compress_one(const std::byte* block);

  std::array<std::uint32_t, 8> state_ = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                         0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
  std::array<std::byte, kBlockBytes> pending_{};
  std::size_t pending_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
  bool fast_ = false;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace salient
