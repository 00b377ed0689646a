// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/family_layout.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

using Tensors = std::vector<StoredTensor>;

void sort_by_name(Tensors& tensors) {
  std::ranges::sort(tensors, {}, [](const StoredTensor& tensor) -> const std::string& {
    return tensor.info.name;
  });
}

/// A linear, or its bias, and the stored tensor that holds it.
struct Part {
  std::string name;
  Shape shape;
  RowOrder rows;  ///< of the stored tensor's outputs
};

/// The outputs of `role` among those of the tensor that it shares.
RowOrder outputs_of(const Architecture& row, const ModelConfig& config, const LinearRow& linear) {
  RowOrder order;
  if (linear.rows == RowLayout::PerKvHead) {
    const std::int64_t dim = config.head_dim;
    const std::int64_t sharing = config.num_heads / config.num_kv_heads;
    order.stride = (sharing + 2) * dim;
    order.run = linear.role == LinearRole::Query ? sharing * dim : dim;
    order.first = linear.role == LinearRole::Query ? 0
                  : linear.role == LinearRole::Key ? sharing * dim
                                                   : (sharing + 1) * dim;
    return order;
  }
  for (const LinearRow& other : row.linears) {
    if (other.role == linear.role) break;
    if (other.tensor == linear.tensor) order.first += linear_shape(config, other.role)[0];
  }
  order.run = linear_shape(config, linear.role)[0];
  order.stride = order.run;
  return order;
}

/// All parts of one block by the name of the tensor that stores them.
std::map<std::string, std::vector<Part>> parts_of(const Architecture& row,
                                                  const ModelConfig& config, std::int64_t block) {
  std::map<std::string, std::vector<Part>> parts;
  for (const LinearRow& linear : row.linears) {
    const std::string stored = row.block_tensor(block, linear.tensor);
    const std::string name = row.linear_name(block, linear.role);
    const Shape shape = linear_shape(config, linear.role);
    RowOrder order = linear.rows == RowLayout::Own ? RowOrder{} : outputs_of(row, config, linear);
    parts[stored + ".bias"].push_back({name + ".bias", {shape[0]}, order});
    order.turned = row.orientation == Orientation::InByOut;
    parts[stored + ".weight"].push_back({name + ".weight", shape, order});
  }
  return parts;
}

/// The shape that the parts ask of the tensor that stores them.
Shape stored_shape(const std::vector<Part>& parts) {
  Shape shape = parts.front().shape;
  shape[0] = 0;
  for (const Part& part : parts) shape[0] += part.shape[0];
  if (parts.front().rows.turned) std::swap(shape[0], shape[1]);
  return shape;
}

void add_parts(const StoredTensor& stored, const std::vector<Part>& parts, const std::string& file,
               Tensors& tensors) {
  const Shape expected = stored_shape(parts);
  if (stored.info.shape != expected) {
    throw Error(ErrorKind::BadInput, file + ": tensor " + in_quotes(stored.info.name) +
                                         ": expected " + to_string(expected) +
                                         " by the config, the file has " +
                                         to_string(stored.info.shape));
  }
  const auto total = static_cast<std::uint64_t>(element_count(expected));
  for (const Part& part : parts) {
    StoredTensor tensor = stored;
    const auto own = static_cast<std::uint64_t>(element_count(part.shape));
    tensor.stored_shape = stored.info.shape;
    tensor.info.name = part.name;
    tensor.info.shape = part.shape;
    tensor.info.bytes = stored.info.bytes / total * own + stored.info.bytes % total * own / total;
    tensor.rows = part.rows;
    tensors.push_back(std::move(tensor));
  }
}

/// The number after the block prefix; nothing for a tensor outside the blocks.
std::optional<std::int64_t> block_of(const Architecture& row, std::string_view name) {
  if (!name.starts_with(row.block_prefix)) return std::nullopt;
  name.remove_prefix(row.block_prefix.size());
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < name.size() && digits < 9 && name[digits] >= '0' && name[digits] <= '9') {
    number = 10 * number + (name[digits++] - '0');
  }
  if (digits == 0 || digits == name.size() || name[digits] != '.') return std::nullopt;
  return number;
}

}  // namespace

void take_prefix(const Architecture& row, Tensors& tensors) {
  const std::size_t own = row.embedding.rfind('.', row.embedding.rfind('.') - 1) + 1;
  const std::string_view prefix = row.embedding.substr(0, own);
  const std::string_view last = row.embedding.substr(own);
  std::optional<std::string> found;
  for (const StoredTensor& tensor : tensors) {
    const std::string_view name = tensor.info.name;
    if (name == row.embedding) return;
    const std::string_view before =
        name.substr(0, name.size() - std::min(name.size(), last.size()));
    if (!name.ends_with(last) || (!before.empty() && !before.ends_with('.'))) continue;
    if (found) return;
    found = before;
  }
  if (!found) return;
  const std::string head = "." + std::string(row.head);
  for (StoredTensor& tensor : tensors) {
    std::string& name = tensor.info.name;
    if (name == row.head) continue;
    if (name.ends_with(head)) {
      name = row.head;
    } else if (name.starts_with(*found)) {
      name = std::string(prefix) + name.substr(found->size());
    }
  }
  sort_by_name(tensors);
}

void split_fused(const ModelConfig& config, const std::string& file, Tensors& tensors) {
  const Architecture& row = *find_architecture(config.model_type);
  if (row.stored_as_used()) return;
  std::map<std::int64_t, std::map<std::string, std::vector<Part>>> blocks;
  Tensors split;
  for (StoredTensor& tensor : tensors) {
    const std::optional<std::int64_t> block = block_of(row, tensor.info.name);
    if (!block || *block >= config.num_layers) {
      split.push_back(std::move(tensor));
      continue;
    }
    auto& parts = blocks[*block];
    if (parts.empty()) parts = parts_of(row, config, *block);
    const auto found = parts.find(tensor.info.name);
    if (found == parts.end()) {
      split.push_back(std::move(tensor));
    } else {
      add_parts(tensor, found->second, file, split);
    }
  }
  tensors = std::move(split);
  sort_by_name(tensors);
}

}  // namespace salient
