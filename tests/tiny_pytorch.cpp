// SPDX-License-Identifier: Apache-2.0
#include "tests/tiny_pytorch.h"

#include <map>

namespace salient::tests {
namespace {

namespace fs = std::filesystem;

std::string number(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  }
  return text;
}

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

constexpr std::uint16_t kHasDescriptor = 8;

std::string local_header(const ZipRecord& record) {
  const bool described = (record.flags & kHasDescriptor) != 0;
  const std::uint64_t size = described ? 0 : record.bytes.size();
  return "PK\x03\x04" + number(0, 2) + number(record.flags, 2) + number(record.method, 2) +
         number(0, 4) + number(described ? 0 : checksum(record.bytes), 4) + number(size, 4) +
         number(size, 4) + number(record.name.size(), 2) + number(6, 2) + record.name +
         std::string("FB\2\0ZZ", 6);
}

std::string descriptor(const ZipRecord& record) {
  if ((record.flags & kHasDescriptor) == 0) return {};
  return "PK\x07\x08" + number(checksum(record.bytes), 4) + number(record.bytes.size(), 4) +
         number(record.bytes.size(), 4);
}

std::string directory_entry(const ZipRecord& record, std::size_t local) {
  return "PK\x01\x02" + number(0, 4) + number(record.flags, 2) + number(record.method, 2) +
         number(0, 4) + number(checksum(record.bytes), 4) + number(record.bytes.size(), 4) +
         number(record.bytes.size(), 4) + number(record.name.size(), 2) + number(0, 12) +
         number(local, 4) + record.name;
}

std::string_view storage_of(const std::string& dtype) {
  static const std::map<std::string, std::string_view> kStorages = {{"F32", "FloatStorage"},
                                                                    {"F16", "HalfStorage"},
                                                                    {"BF16", "BFloat16Storage"},
                                                                    {"I32", "IntStorage"},
                                                                    {"I64", "LongStorage"}};
  return kStorages.at(dtype);
}

std::vector<std::int64_t> row_major(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void write_small_files(const TinyCheckpoint& checkpoint, const fs::path& folder) {
  write_folder(checkpoint, folder);
  fs::remove(folder / "model.safetensors");
}

}  // namespace

std::string zip_bytes(const std::vector<ZipRecord>& records) {
  std::string bytes;
  std::string directory;
  for (const ZipRecord& record : records) {
    directory += directory_entry(record, bytes.size());
    bytes += local_header(record) + record.bytes + descriptor(record);
  }
  const std::size_t start = bytes.size();
  const std::size_t end = start + directory.size();
  const std::size_t count = records.size();
  return bytes + directory + "PK\x06\x06" + number(44, 8) + number(0x031E, 2) + number(45, 2) +
         number(0, 8) + number(count, 8) + number(count, 8) + number(directory.size(), 8) +
         number(start, 8) + "PK\x06\x07" + number(0, 4) + number(end, 8) + number(1, 4) +
         "PK\x05\x06" + number(0, 4) + number(count, 2) + number(count, 2) +
         number(directory.size(), 4) + number(start, 4) + number(0, 2);
}

namespace pickled {

std::string text(std::string_view value) {
  return "X" + number(value.size(), 4) + std::string(value);
}

std::string integer(std::int64_t value) {
  if (value >= 0 && value < (std::int64_t{1} << 31)) {
    return "J" + number(static_cast<std::uint64_t>(value), 4);
  }
  return "\x8A\x08" + number(static_cast<std::uint64_t>(value), 8);
}

std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}

std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + "t";
}

std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}

std::string storage(std::string_view type, std::string_view key, std::int64_t elements) {
  return tuple(
             {text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) +
         "Q";
}

std::string tensor(const std::string& storage, std::int64_t offset, const Shape& shape,
                   const std::vector<std::int64_t>& strides) {
  const auto integers = [](const std::vector<std::int64_t>& values) {
    std::vector<std::string> items;
    for (const std::int64_t value : values) items.push_back(integer(value));
    return tuple(items);
  };
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {storage, integer(offset), integers(shape), integers(strides), "\x89",
               global("collections", "OrderedDict") + ")R"});
}

std::string state_dictionary(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string bytes = "\x80\x02" + global("collections", "OrderedDict") + ")R(";
  for (const auto& [name, value] : entries) bytes += text(name) + value;
  return bytes + "u.";
}

}  // namespace pickled

std::vector<ZipRecord> pytorch_records(const std::vector<TinyTensor>& tensors) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<ZipRecord> records = {{"archive/data.pkl", {}}, {"archive/byteorder", "little"}};
  for (const TinyTensor& tensor : tensors) {
    const std::string key = std::to_string(entries.size());
    const std::int64_t elements = element_count(tensor.shape);
    entries.emplace_back(
        tensor.name, pickled::tensor(pickled::storage(storage_of(tensor.dtype), key, elements), 0,
                                     tensor.shape, row_major(tensor.shape)));
    records.push_back({"archive/data/" + key, tensor.bytes});
  }
  records.push_back({"archive/version", "3\n"});
  records[0].bytes = pickled::state_dictionary(entries);
  return records;
}

std::string pytorch_bytes(const std::vector<TinyTensor>& tensors) {
  return zip_bytes(pytorch_records(tensors));
}

void write_pytorch_folder(const TinyCheckpoint& checkpoint, const fs::path& folder) {
  write_small_files(checkpoint, folder);
  write_bytes(folder / "pytorch_model.bin", pytorch_bytes(checkpoint.tensors));
}

void write_sharded_pytorch_folder(const TinyCheckpoint& checkpoint, const fs::path& folder) {
  write_small_files(checkpoint, folder);
  nlohmann::ordered_json map = nlohmann::ordered_json::object();
  const auto middle =
      checkpoint.tensors.begin() + static_cast<std::ptrdiff_t>(checkpoint.tensors.size() / 2);
  const std::vector<std::vector<TinyTensor>> parts = {{checkpoint.tensors.begin(), middle},
                                                      {middle, checkpoint.tensors.end()}};
  std::size_t total = 0;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::string name = "pytorch_model-0000" + std::to_string(part + 1) + "-of-00002.bin";
    for (const TinyTensor& tensor : parts[part]) {
      map[tensor.name] = name;
      total += tensor.bytes.size();
    }
    write_bytes(folder / name, pytorch_bytes(parts[part]));
  }
  write_bytes(
      folder / "pytorch_model.bin.index.json",
      nlohmann::ordered_json{{"metadata", {{"total_size", total}}}, {"weight_map", map}}.dump());
}

}  // namespace salient::tests
