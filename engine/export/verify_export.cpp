// SPDX-License-Identifier: Apache-2.0
#include "engine/export/verify_export.h"

#include <cstring>

#include "engine/error.h"
#include "engine/export/format_row.h"
#include "engine/stop.h"

namespace salient {
namespace {

[[noreturn]] void fail(const std::string& tensor, const std::string& what) {
  throw Error(ErrorKind::Failure, "the written file was read back and " + tensor + " " + what +
                                      "; the disk may be failing, nothing was published");
}

void compare_codes(const std::string& name, const QuantizedMatrix& wanted,
                   const std::optional<QuantizedMatrix>& found) {
  if (!found) fail(name, "has no codes");
  if (found->codes != wanted.codes) fail(name, "has other codes");
  if (found->steps != wanted.steps) fail(name, "has other steps");
  if (found->zero_points != wanted.zero_points) fail(name, "has other zero points");
}

/// `wanted` as announced in the layout; reading checks for NaN and infinity.
void compare_dense(const NamedTensor& wanted, const Checkpoint& written) {
  const auto& [name, tensor] = wanted;
  const Tensor found = written.read(name, tensor.dtype());
  if (found.shape() != tensor.shape()) fail(name, "has shape " + to_string(found.shape()));
  if (std::memcmp(found.data(), tensor.data(), tensor.bytes()) != 0) fail(name, "differs");
}

/// Whether our readers show this format's linears as weights. Where they do not yet, the packed
/// tensors themselves are compared.
bool shows_weights(const ModelLayout& layout, const Checkpoint& written) {
  const LinearId first = layout.settings.begin()->first;
  const std::string name = layout.shape.architecture->linear_name(first.block, first.role);
  return written.has(name + ".weight");
}

void compare_linear(const ModelLayout& layout, const QuantizedBlock::Entry& entry,
                    const Checkpoint& written) {
  const std::string name = layout.shape.architecture->linear_name(entry.id.block, entry.id.role);
  const bool as_codes = is_coded(layout, entry.id) && written.has(name + ".weight");
  if (as_codes && layout.row->codes->values != nullptr) {
    compare_dense({name + ".weight", layout.row->codes->values(*entry.codes)}, written);
  } else if (as_codes) {
    compare_codes(name, *entry.codes, written.read_codes(name + ".weight"));
  }
  for (const NamedTensor& tensor : tensors_of(layout, entry)) {
    const bool compared = as_codes && !tensor.first.ends_with(".bias");
    if (!compared && tensor.second.dtype() != DType::F64) compare_dense(tensor, written);
  }
}

void compare_table(const ModelLayout& layout, const std::string& name, const Checkpoint& source,
                   const Checkpoint& written) {
  if (layout.coded_tables.contains(name)) {
    compare_codes(name, source.read_codes(name).value(), written.read_codes(name));
    return;
  }
  for (const NamedTensor& tensor : tensors_of_table(layout, source, name)) {
    compare_dense(tensor, written);
  }
}

}  // namespace

void verify_export(const ModelLayout& layout, const Checkpoint& source, const BlockSource& blocks,
                   const std::filesystem::path& path, const std::stop_token& stop,
                   const ExportProgressSink& progress) {
  const std::unique_ptr<Checkpoint> written = open_checkpoint(path, stop);
  // Also lists what is missing or misshapen.
  if (shows_weights(layout, *written)) static_cast<void>(make_decoder_shape(*written));
  for (const std::string& name : table_names(layout.shape)) {
    compare_table(layout, name, source, *written);
  }
  const std::int64_t count = blocks.num_blocks();
  for (std::int64_t index = 0; index < count; ++index) {
    throw_if_stopped(stop);
    progress("verifying", static_cast<double>(index) / static_cast<double>(count));
    const QuantizedBlock block = blocks.block(index);
    for (const NamedTensor& norm : norms_of(layout, block)) compare_dense(norm, *written);
    for (const QuantizedBlock::Entry& entry : block.linears) {
      throw_if_stopped(stop);
      compare_linear(layout, entry, *written);
    }
  }
  progress("verifying", 1);
}

}  // namespace salient
