// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/zip_archive.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034B50;
constexpr std::uint32_t kDirectoryHeader = 0x02014B50;
constexpr std::uint32_t kEnd = 0x06054B50;
constexpr std::uint32_t kEnd64 = 0x06064B50;
constexpr std::uint32_t kLocator64 = 0x07064B50;
constexpr std::uint32_t kDescriptor = 0x08074B50;
constexpr std::uint64_t kLocalBytes = 30;
constexpr std::uint64_t kDirectoryEntryBytes = 46;
constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kEnd64Bytes = 56;
constexpr std::uint64_t kLocatorBytes = 20;
/// Signature, checksum, two sizes of four or eight bytes.
constexpr std::uint64_t kDescriptorBytes = 16;
constexpr std::uint64_t kDescriptor64Bytes = 24;
constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;
constexpr unsigned kHasDescriptor = 1U << 3U;
constexpr unsigned kUtf8Names = 1U << 11U;

/// The little-endian number of `size` bytes at `at`, which the caller has measured.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::uint64_t u16(std::string_view bytes, std::size_t at) {
  return number(bytes, at, 2);
}

std::uint64_t u32(std::string_view bytes, std::size_t at) {
  return number(bytes, at, 4);
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
};

/// An entry with where its local header stands.
struct Place {
  ZipEntry entry;
  std::uint64_t local = 0;
  std::uint64_t flags = 0;
  std::uint64_t checksum = 0;
};

class ZipReader {
 public:
  explicit ZipReader(const ByteSource& source) : source_(source) {}

  ZipArchive read() {
    const Directory directory = find_directory();
    ZipArchive archive;
    archive.directory = bytes_at(directory.offset, directory.bytes);
    std::vector<Place> places = parse(archive.directory, directory.count);
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return a.local < b.local; });
    std::uint64_t covered = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::uint64_t end = i + 1 < places.size() ? places[i + 1].local : directory.offset;
      const bool apart = places[i].local == covered && end > covered;
      if (!apart || end > directory.offset) refuse_overlap(places[i]);
      locate(places[i], end);
      covered = end;
    }
    for (Place& place : places) archive.entries.push_back(std::move(place.entry));
    sort_by_name(archive.entries);
    return archive;
  }

 private:
  [[noreturn]] void refuse(const std::string& sentence) const {
    throw Error(ErrorKind::BadInput, source_.name() + ": zip archive: " + sentence);
  }
  [[noreturn]] void refuse(const ZipEntry& entry, const std::string& sentence) const {
    refuse("record " + in_quotes(entry.name) + ": " + sentence);
  }
  [[noreturn]] void refuse_overlap(const Place& place) const {
    refuse(place.entry, "its header at byte " + std::to_string(place.local) +
                            " does not follow the record before it");
  }

  std::string bytes_at(std::uint64_t offset, std::uint64_t length) const {
    std::string bytes(static_cast<std::size_t>(length), '\0');
    source_.read(offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

  Directory find_directory() const {
    const std::uint64_t size = source_.size();
    const std::string end = size < kEndBytes ? "" : bytes_at(size - kEndBytes, kEndBytes);
    if (end.empty() || u32(end, 0) != kEnd || u16(end, 20) != 0) {
      refuse("does not end like one, the file is cut or has bytes behind it; download it again");
    }
    if (u16(end, 4) != 0 || u16(end, 6) != 0 || u16(end, 8) != u16(end, 10)) {
      refuse("is one of several volumes");
    }
    Directory directory{u32(end, 16), u32(end, 12), u16(end, 10)};
    std::uint64_t behind = size - kEndBytes;
    if (behind >= kLocatorBytes + kEnd64Bytes &&
        u32(bytes_at(behind - kLocatorBytes, 4), 0) == kLocator64) {
      behind -= kLocatorBytes + kEnd64Bytes;
      directory = read_end64(behind, directory);
    }
    const auto fits = checked::add(directory.offset, directory.bytes);
    if (!fits || *fits != behind) {
      refuse("its directory of " + std::to_string(directory.bytes) + " bytes at " +
             std::to_string(directory.offset) + " does not end at byte " + std::to_string(behind));
    }
    if (directory.bytes > limits::kZipDirectoryBytes) {
      refuse("its directory has " + std::to_string(directory.bytes) + " bytes, at most " +
             std::to_string(limits::kZipDirectoryBytes) + " are read");
    }
    return directory;
  }

  /// The wide form of the end; where the narrow one has a number, it is the same.
  Directory read_end64(std::uint64_t at, const Directory& narrow) const {
    const std::string end = bytes_at(at, kEnd64Bytes + kLocatorBytes);
    const bool sound = u32(end, 0) == kEnd64 && number(end, 4, 8) == kEnd64Bytes - 12 &&
                       u32(end, 16) == 0 && u32(end, 20) == 0 &&
                       number(end, kEnd64Bytes + 8, 8) == at &&
                       number(end, 24, 8) == number(end, 32, 8);
    const Directory wide{number(end, 48, 8), number(end, 40, 8), number(end, 32, 8)};
    const auto same = [](std::uint64_t small, std::uint64_t large, std::uint64_t escape) {
      return small == large || small == escape;
    };
    if (sound && same(narrow.offset, wide.offset, kInZip64) &&
        same(narrow.bytes, wide.bytes, kInZip64) && same(narrow.count, wide.count, 0xFFFF)) {
      return wide;
    }
    refuse("its two end records do not say the same");
  }

  std::vector<Place> parse(std::string_view directory, std::uint64_t count) const {
    std::vector<Place> places;
    std::size_t at = 0;
    while (at < directory.size()) {
      if (directory.size() - at < kDirectoryEntryBytes || u32(directory, at) != kDirectoryHeader) {
        refuse("byte " + std::to_string(at) + " of its directory begins no entry");
      }
      const std::uint64_t length = kDirectoryEntryBytes + u16(directory, at + 28) +
                                   u16(directory, at + 30) + u16(directory, at + 32);
      if (length > directory.size() - at) refuse("its directory ends inside an entry");
      places.push_back(parse_entry(directory.substr(at, static_cast<std::size_t>(length))));
      at += static_cast<std::size_t>(length);
    }
    if (places.size() == count) return places;
    refuse("says that it has " + std::to_string(count) + " records, its directory has " +
           std::to_string(places.size()));
  }

  Place parse_entry(std::string_view bytes) const {
    Place place;
    place.entry.name = bytes.substr(kDirectoryEntryBytes, u16(bytes, 28));
    check_name(place.entry);
    place.flags = u16(bytes, 8);
    place.checksum = u32(bytes, 16);
    if ((place.flags & ~std::uint64_t{kHasDescriptor | kUtf8Names}) != 0) {
      refuse(place.entry, "is encrypted or packed in a way that is not known (flags " +
                              std::to_string(place.flags) + ")");
    }
    if (u16(bytes, 10) != 0) {
      refuse(place.entry, "is compressed (method " + std::to_string(u16(bytes, 10)) +
                              "), records of a model must be stored");
    }
    std::array<std::uint64_t, 3> fields = {u32(bytes, 24), u32(bytes, 20), u32(bytes, 42)};
    widen(place.entry, bytes.substr(kDirectoryEntryBytes + u16(bytes, 28), u16(bytes, 30)), fields);
    if (fields[0] != fields[1]) refuse(place.entry, "is stored, and yet has two sizes");
    if (u16(bytes, 34) != 0) refuse(place.entry, "is said to be in another volume");
    place.entry.bytes = fields[0];
    place.local = fields[2];
    return place;
  }

  /// Size, stored size and offset: those that do not fit 32 bits stand in the zip64 extra field.
  void widen(const ZipEntry& entry, std::string_view extra,
             std::array<std::uint64_t, 3>& fields) const {
    std::string_view wide;
    while (extra.size() >= 4 && wide.empty()) {
      const std::size_t length = std::min<std::size_t>(u16(extra, 2), extra.size() - 4);
      if (u16(extra, 0) == 1) wide = extra.substr(4, length);
      extra.remove_prefix(4 + length);
    }
    for (std::uint64_t& field : fields) {
      if (field != kInZip64) continue;
      if (wide.size() < 8) refuse(entry, "has no 64-bit size where one is needed");
      field = number(wide, 0, 8);
      wide.remove_prefix(8);
    }
  }

  void check_name(const ZipEntry& entry) const {
    const std::string& name = entry.name;
    if (name.empty() || name.size() > limits::kNameBytes || find_invalid_utf8(name)) {
      refuse("the name " + in_quotes(name) + " is empty, too long or not UTF-8");
    }
    const bool outside = name.front() == '/' || name == ".." || name.starts_with("../") ||
                         name.find("/../") != std::string::npos || name.ends_with("/..");
    if (outside || name.find_first_of(std::string_view("\\:\0", 3)) != std::string::npos) {
      refuse(entry, "is no name inside an archive");
    }
  }

  /// Reads the local header: it must say what the directory says, and the bytes must end at `end`.
  void locate(Place& place, std::uint64_t end) const {
    const auto short_of = [&](std::uint64_t bytes) {
      return !checked::range_fits(place.local, bytes, end);
    };
    ZipEntry& entry = place.entry;
    const std::uint64_t named = kLocalBytes + entry.name.size();
    if (short_of(named)) refuse(entry, "has no room for its header");
    const std::string header = bytes_at(place.local, named);
    const std::uint64_t before = named + u16(header, 28);
    if (u32(header, 0) != kLocalHeader || short_of(before)) refuse(entry, "has no header");
    const bool described = (place.flags & kHasDescriptor) != 0;
    const auto same = [&](std::uint64_t size) {
      return size == entry.bytes || size == kInZip64 || (described && size == 0);
    };
    const bool agrees = u16(header, 6) == place.flags && u16(header, 8) == 0 &&
                        same(u32(header, 18)) && same(u32(header, 22)) &&
                        u16(header, 26) == entry.name.size() && header.ends_with(entry.name);
    if (!agrees) refuse(entry, "its header does not say what the directory says");
    entry.offset = place.local + before;
    if (!checked::range_fits(entry.offset, entry.bytes, end)) {
      refuse(entry, "has " + std::to_string(entry.bytes) + " bytes by the directory, " +
                        std::to_string(end - entry.offset) + " are there");
    }
    check_behind(place, end);
  }

  /// Nothing, or the descriptor that the flags announce.
  void check_behind(const Place& place, std::uint64_t end) const {
    const std::uint64_t at = place.entry.offset + place.entry.bytes;
    const std::uint64_t left = end - at;
    if ((place.flags & kHasDescriptor) == 0) {
      if (left == 0) return;
      refuse(place.entry, std::to_string(left) + " bytes behind it belong to no record");
    }
    if (left == kDescriptorBytes || left == kDescriptor64Bytes) {
      const std::string descriptor = bytes_at(at, left);
      const std::size_t size = left == kDescriptorBytes ? 4 : 8;
      if (u32(descriptor, 0) == kDescriptor && u32(descriptor, 4) == place.checksum &&
          number(descriptor, 8, size) == place.entry.bytes &&
          number(descriptor, 8 + size, size) == place.entry.bytes) {
        return;
      }
    }
    refuse(place.entry, "what follows it is not its descriptor");
  }

  void sort_by_name(std::vector<ZipEntry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
    const auto twin =
        std::adjacent_find(entries.begin(), entries.end(),
                           [](const ZipEntry& a, const ZipEntry& b) { return a.name == b.name; });
    if (twin != entries.end()) refuse(*twin, "comes twice");
  }

  const ByteSource& source_;
};

}  // namespace

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), name,
                       [](const ZipEntry& entry, std::string_view n) { return entry.name < n; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

ZipArchive read_zip_archive(const ByteSource& source) {
  return ZipReader(source).read();
}

bool is_zip_archive(const ByteSource& source) {
  constexpr std::uint64_t kMagicBytes = 4;
  if (source.size() < kMagicBytes) return false;
  std::array<char, kMagicBytes> start{};
  source.read(0, std::as_writable_bytes(std::span(start)));
  return u32(std::string_view(start.data(), start.size()), 0) == kLocalHeader;
}

}  // namespace salient
