// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sizes beyond which a foreign file is refused, in one place. Each is far above what honest
// models need and small enough that the work behind it is bounded; each has a test on either side.

#include <cstddef>
#include <cstdint>

namespace salient::limits {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

constexpr std::uint64_t kSafetensorsHeaderBytes = 100'000'000;
constexpr std::uint64_t kIndexBytes = 64 * kMiB;
constexpr std::uint64_t kConfigBytes = kMiB;
/// tokenizer_config.json lists added tokens: Gemma's has more than a mebibyte.
constexpr std::uint64_t kTokenizerConfigBytes = 4 * kMiB;
constexpr std::uint64_t kChatTemplateBytes = kMiB;
constexpr int kJsonDepth = 64;
constexpr std::size_t kNameBytes = kKiB;
constexpr std::size_t kFileNameBytes = 255;
constexpr std::size_t kRank = 8;
constexpr std::size_t kTensors = 1024 * 1024;
/// Each shard stays open, and a process may usually open 1024 files.
constexpr std::size_t kShards = 512;
constexpr std::uint64_t kTokenizerBytes = 256 * kMiB;
constexpr std::uint64_t kSentencePieceBytes = 64 * kMiB;
/// Rank files of known models have up to 3 MB; every way to cut a token in two is looked up.
constexpr std::uint64_t kRankFileBytes = 8 * kMiB;
constexpr std::size_t kRankTokenBytes = 256;
constexpr std::uint64_t kCompanionBytes = 16 * kMiB;

/// A tensor of a PyTorch file takes about 70 bytes of the directory, 200 of the pickle and 16
/// objects.
constexpr std::uint64_t kZipDirectoryBytes = 16 * kMiB;
constexpr std::uint64_t kPickleBytes = 64 * kMiB;
constexpr std::size_t kPickleObjects = 4 * 1024 * 1024;
constexpr std::size_t kPickleDepth = 64;

constexpr std::size_t kGgufNameBytes = 63;
constexpr std::size_t kGgufRank = 4;
constexpr std::uint64_t kGgufKeys = 64 * 1024;
constexpr std::uint64_t kGgufArrayElements = 16 * 1024 * 1024;
/// All string values that are kept, and all tokens and merges.
constexpr std::uint64_t kGgufTextBytes = 64 * kMiB;
constexpr std::uint64_t kGgufMaxAlignment = kMiB;
constexpr std::uint64_t kTokenBytes = 64 * kKiB;

constexpr std::int64_t kHiddenSize = 1 << 18;
constexpr std::int64_t kIntermediateSize = 1 << 20;
constexpr std::int64_t kLayers = 1024;
constexpr std::int64_t kHeads = 4096;
constexpr std::int64_t kHeadDim = 4096;
constexpr std::int64_t kVocabulary = 4 * 1024 * 1024;
constexpr std::int64_t kPositions = 1 << 28;

}  // namespace salient::limits
