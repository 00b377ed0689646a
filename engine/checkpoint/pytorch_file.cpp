// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/pytorch_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/pickle_machine.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::string_view kTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::array<std::string_view, 2> kParameters = {
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"};

struct Storage {
  std::string_view global;
  std::string_view type;  ///< the same in safetensors' words
};

constexpr std::array<Storage, 10> kStorages = {{
    {"torch.FloatStorage", "F32"},
    {"torch.HalfStorage", "F16"},
    {"torch.BFloat16Storage", "BF16"},
    {"torch.DoubleStorage", "F64"},
    {"torch.LongStorage", "I64"},
    {"torch.IntStorage", "I32"},
    {"torch.ShortStorage", "I16"},
    {"torch.CharStorage", "I8"},
    {"torch.ByteStorage", "U8"},
    {"torch.BoolStorage", "BOOL"},
}};

std::vector<std::string_view> allowed_globals() {
  std::vector<std::string_view> names = {kTensor};
  names.insert(names.end(), kParameters.begin(), kParameters.end());
  for (const Storage& storage : kStorages) names.push_back(storage.global);
  return names;
}

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

/// A dimension of a view: how many, and how far apart in the storage.
struct Dimension {
  std::uint64_t size = 0;
  std::uint64_t stride = 0;
};

class PickleReader {
 public:
  PickleReader(const Pickle& pickle, const ZipArchive& archive, const std::string& prefix,
               const std::string& file)
      : pickle_(pickle), archive_(archive), prefix_(prefix), file_(file) {}

  PytorchFile read() const {
    PytorchFile result;
    const std::vector<PickleRef>& pairs = state_dictionary().items;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      const std::string name = name_of(value(pairs[i]));
      const PickleValue& held = without_parameter(value(pairs[i + 1]));
      if (!is_tensor(held)) {
        result.ignored.push_back(name);
        continue;
      }
      if (result.tensors.size() == limits::kTensors) {
        refuse(file_, "has more than " + std::to_string(limits::kTensors) + " tensors");
      }
      result.tensors.push_back(tensor(name, held));
    }
    if (result.tensors.empty()) refuse(file_, "its pickle holds no tensors");
    sort_by_name(result.tensors);
    return result;
  }

 private:
  const PickleValue& value(PickleRef ref) const { return pickle_.values[ref]; }

  [[noreturn]] void refuse_tensor(const std::string& name, const std::string& sentence) const {
    refuse(file_, "tensor " + in_quotes(name) + ": " + sentence);
  }

  /// The dictionary of tensors; training tools put it under "state_dict".
  const PickleValue& state_dictionary() const {
    const PickleValue& top = value(pickle_.top);
    if (top.kind != PickleKind::Dictionary) {
      refuse(file_, "its pickle is " + std::string(words_of(top.kind)) +
                        ", a dictionary of tensors is needed");
    }
    for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
      const PickleValue& held = value(top.items[i + 1]);
      if (held.kind == PickleKind::Dictionary && value(top.items[i]).text == "state_dict") {
        return held;
      }
    }
    return top;
  }

  std::string name_of(const PickleValue& key) const {
    if (key.kind != PickleKind::Text) {
      refuse(file_, "a key of its pickle is " + std::string(words_of(key.kind)));
    }
    if (key.text.size() > limits::kNameBytes) {
      refuse(file_, "name " + in_quotes(key.text) + " has " + std::to_string(key.text.size()) +
                        " bytes, at most " + std::to_string(limits::kNameBytes) + " are allowed");
    }
    return std::string(key.text);
  }

  const PickleValue& without_parameter(const PickleValue& held) const {
    const bool wraps = held.kind == PickleKind::Call && held.items.size() > 1 &&
                       std::find(kParameters.begin(), kParameters.end(),
                                 value(held.items[0]).text) != kParameters.end();
    return wraps ? value(held.items[1]) : held;
  }

  bool is_tensor(const PickleValue& held) const {
    return held.kind == PickleKind::Call && value(held.items[0]).text == kTensor;
  }

  std::uint64_t count(const std::string& name, const PickleValue& number, const char* what) const {
    if (number.kind != PickleKind::Integer) {
      refuse_tensor(name, std::string(what) + " is " + std::string(words_of(number.kind)));
    }
    if (number.integer < 0) {
      refuse_tensor(name, std::string(what) + " is " + std::to_string(number.integer));
    }
    return static_cast<std::uint64_t>(number.integer);
  }

  std::vector<Dimension> dimensions(const std::string& name, const PickleValue& sizes,
                                    const PickleValue& strides) const {
    if (sizes.kind != PickleKind::Tuple || strides.kind != PickleKind::Tuple ||
        sizes.items.size() != strides.items.size()) {
      refuse_tensor(name, "size and stride are no tuples of one length");
    }
    if (sizes.items.size() > limits::kRank) {
      refuse_tensor(name, "has more than " + std::to_string(limits::kRank) + " dimensions");
    }
    std::vector<Dimension> all;
    for (std::size_t i = 0; i < sizes.items.size(); ++i) {
      all.push_back({count(name, value(sizes.items[i]), "a dimension"),
                     count(name, value(strides.items[i]), "a stride")});
    }
    return all;
  }

  /// The record behind a persistent id, its type, and how many elements it has.
  struct StoredElements {
    const ZipEntry* record = nullptr;
    const StoredType* type = nullptr;
    std::uint64_t count = 0;
  };

  StoredElements storage(const std::string& name, const PickleValue& persistent) const {
    constexpr std::size_t kParts = 5;
    const PickleValue* id =
        persistent.kind == PickleKind::Persistent ? &value(persistent.items[0]) : nullptr;
    if (id == nullptr || id->kind != PickleKind::Tuple || id->items.size() != kParts ||
        value(id->items[0]).text != "storage" || value(id->items[2]).kind != PickleKind::Text) {
      refuse_tensor(name, "its storage is not named as PyTorch does");
    }
    const PickleValue& type = value(id->items[1]);
    const auto* row = std::find_if(kStorages.begin(), kStorages.end(), [&](const Storage& s) {
      return type.kind == PickleKind::Global && s.global == type.text;
    });
    if (row == kStorages.end()) refuse_tensor(name, "its storage has no known type");
    const std::string record = prefix_ + "data/" + std::string(value(id->items[2]).text);
    StoredElements found{archive_.find(record), find_safetensors_type(row->type),
                         count(name, value(id->items[4]), "the storage's size")};
    if (found.record == nullptr) refuse_tensor(name, "record " + in_quotes(record) + " is missing");
    const auto bytes = checked::multiply(found.count, found.type->block_bytes());
    if (bytes && *bytes == found.record->bytes) return found;
    refuse_tensor(name, "record " + in_quotes(record) + " has " +
                            std::to_string(found.record->bytes) + " bytes, " +
                            std::to_string(found.count) + " elements of " +
                            std::string(found.type->name) + " are announced");
  }

  PytorchTensor tensor(const std::string& name, const PickleValue& call) const {
    constexpr std::size_t kLeast = 7;  // the global, storage, offset, size, stride, two flags
    if (call.items.size() < kLeast || call.items.size() > kLeast + 1) {
      refuse_tensor(name, "is made with " + std::to_string(call.items.size() - 1) + " arguments");
    }
    const StoredElements stored = storage(name, value(call.items[1]));
    const std::uint64_t first = count(name, value(call.items[2]), "the storage offset");
    const std::vector<Dimension> dims =
        dimensions(name, value(call.items[3]), value(call.items[4]));
    PytorchTensor result;
    result.name = name;
    result.type = stored.type;
    for (const Dimension& dim : dims) {
      result.shape.push_back(static_cast<std::int64_t>(dim.size));
    }
    const std::uint64_t elements = check_view(name, dims, first, stored.count);
    result.bytes = elements * stored.type->block_bytes();
    result.offset = stored.record->offset + first * stored.type->block_bytes();
    if (elements == 0 || is_row_major(dims)) return result;
    for (const Dimension& dim : dims) {
      result.strides.push_back(static_cast<std::int64_t>(dim.stride));
    }
    return result;
  }

  /// The elements of a view that lies in its storage and has none of them twice. Then no product
  /// below is larger than the record.
  std::uint64_t check_view(const std::string& name, std::vector<Dimension> dims,
                           std::uint64_t first, std::uint64_t stored) const {
    const auto refuse_reach = [&] {
      refuse_tensor(name, "offset " + std::to_string(first) + " and its size reach beyond the " +
                              std::to_string(stored) + " elements of its storage");
    };
    if (is_empty(name, dims)) {
      if (first > stored) refuse_reach();
      return 0;
    }
    std::sort(dims.begin(), dims.end(),
              [](const Dimension& a, const Dimension& b) { return a.stride < b.stride; });
    std::optional<std::uint64_t> last = first;
    std::uint64_t elements = 1;
    std::uint64_t reach = 1;  // elements from the first of the inner dimensions to behind the last
    for (const Dimension& dim : dims) {
      if (dim.size == 1) continue;
      if (dim.stride < reach) refuse_tensor(name, "its elements overlap in the storage");
      const auto span = checked::multiply(dim.size - 1, dim.stride);
      last = last && span ? checked::add(*last, *span) : std::nullopt;
      if (!last || *last >= stored) refuse_reach();
      elements *= dim.size;
      reach += *span;
    }
    if (first >= stored) refuse_reach();
    return elements;
  }

  /// Whether a dimension is 0. The others may still not be such that their product wraps.
  bool is_empty(const std::string& name, const std::vector<Dimension>& dims) const {
    bool empty = false;
    std::optional<std::int64_t> product = 1;
    for (const Dimension& dim : dims) {
      empty = empty || dim.size == 0;
      if (product && dim.size > 0) {
        product = checked::multiply(*product, static_cast<std::int64_t>(dim.size));
      }
    }
    if (!product) refuse_tensor(name, "its size is too large");
    return empty;
  }

  static bool is_row_major(const std::vector<Dimension>& dims) {
    std::uint64_t expected = 1;
    for (auto dim = dims.rbegin(); dim != dims.rend(); ++dim) {
      if (dim->size != 1 && dim->stride != expected) return false;
      expected *= dim->size;
    }
    return true;
  }

  void sort_by_name(std::vector<PytorchTensor>& tensors) const {
    std::sort(tensors.begin(), tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto twin =
        std::adjacent_find(tensors.begin(), tensors.end(),
                           [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twin != tensors.end()) refuse_tensor(twin->name, "comes twice");
  }

  const Pickle& pickle_;
  const ZipArchive& archive_;
  const std::string& prefix_;
  const std::string& file_;
};

std::string text_of(const ByteSource& source, const ZipEntry& entry) {
  std::string text(static_cast<std::size_t>(entry.bytes), '\0');
  source.read(entry.offset, std::as_writable_bytes(std::span(text)));
  return text;
}

/// The folder that holds everything: "archive/".
std::string prefix_of(const ByteSource& source, const ZipArchive& archive) {
  if (archive.entries.empty()) refuse(source.name(), "zip archive: is empty");
  const std::string& first = archive.entries.front().name;
  const std::string prefix = first.substr(0, first.find('/') + 1);
  for (const ZipEntry& entry : archive.entries) {
    if (!prefix.empty() && entry.name.starts_with(prefix)) continue;
    refuse(source.name(), "zip archive: record " + in_quotes(entry.name) +
                              " is not in the folder of the others, so it is no PyTorch file");
  }
  return prefix;
}

void check_byte_order(const ByteSource& source, const ZipArchive& archive,
                      const std::string& prefix) {
  const ZipEntry* entry = archive.find(prefix + "byteorder");
  if (entry == nullptr) return;
  constexpr std::uint64_t kMost = 16;
  const std::string order = entry->bytes > kMost ? "unknown" : text_of(source, *entry);
  if (order == "little") return;
  refuse(source.name(), "its byte order is " + in_quotes(order) + ", \"little\" is read");
}

}  // namespace

PytorchFile parse_pytorch_pickle(std::string_view pickle, const ZipArchive& archive,
                                 const std::string& prefix, const std::string& file_name) {
  const std::vector<std::string_view> globals = allowed_globals();
  const Pickle values = read_pickle(pickle, globals, file_name);
  return PickleReader(values, archive, prefix, file_name).read();
}

PytorchFile read_pytorch_file(const ByteSource& source) {
  const ZipArchive archive = read_zip_archive(source);
  const std::string prefix = prefix_of(source, archive);
  if (archive.find(prefix + "constants.pkl") != nullptr) {
    throw Error(ErrorKind::Unsupported,
                source.name() + ": is a TorchScript program: convert its weights to safetensors");
  }
  const ZipEntry* entry = archive.find(prefix + "data.pkl");
  if (entry == nullptr) {
    refuse(source.name(), "zip archive: has no data.pkl, so it is no PyTorch file");
  }
  if (entry->bytes > limits::kPickleBytes) {
    refuse(source.name(), "data.pkl has " + std::to_string(entry->bytes) + " bytes, at most " +
                              std::to_string(limits::kPickleBytes) + " are read");
  }
  check_byte_order(source, archive, prefix);
  const std::string pickle = text_of(source, *entry);
  PytorchFile file = parse_pytorch_pickle(pickle, archive, prefix, source.name());
  file.sha256 = sha256_hex(archive.directory + pickle);
  return file;
}

}  // namespace salient
