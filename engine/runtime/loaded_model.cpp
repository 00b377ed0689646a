// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/loaded_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/error.h"

namespace salient {
namespace {

Tensor read_bias(const Checkpoint& checkpoint, const std::string& linear) {
  const std::string name = linear + ".bias";
  return checkpoint.has(name) ? checkpoint.read(name, DType::F32) : Tensor();
}

/// Packed when the checkpoint is quantized and holds codes for this linear, float16 otherwise.
Linear read_linear(Backend& backend, const Checkpoint& checkpoint, const std::string& name,
                   const LoadOptions& options) {
  if (options.round_to) {
    const Tensor weight = backend.upload(checkpoint.read(name + ".weight", DType::F32));
    const QuantizedMatrix rounded = backend.quantize({weight, {}, nullptr, *options.round_to});
    return backend.pack(rounded, read_bias(checkpoint, name));
  }
  if (!checkpoint.already_quantized().empty()) {
    if (auto codes = checkpoint.read_codes(name + ".weight")) {
      return backend.pack(*codes, read_bias(checkpoint, name));
    }
  }
  return upload(backend, DenseLinear{checkpoint.read(name + ".weight", DType::F16),
                                     read_bias(checkpoint, name)});
}

Block read_block(Backend& backend, const Checkpoint& checkpoint, const DecoderShape& shape,
                 std::int64_t index, const LoadOptions& options) {
  const Architecture& row = *shape.architecture;
  Block block = upload(backend, load_norms(checkpoint, shape, index));
  for (const LinearRow& linear : row.linears) {
    block[linear.role] =
        read_linear(backend, checkpoint, row.linear_name(index, linear.role), options);
  }
  return block;
}

/// A vocabulary matrix (the embedding or the head) in the precision asked for.
Linear read_table(Backend& backend, const Checkpoint& checkpoint, const std::string& name,
                  HeadPrecision precision) {
  if (precision == HeadPrecision::AsStored) {
    if (auto codes = checkpoint.read_codes(name)) return backend.pack(*codes, {});
  }
  if (precision == HeadPrecision::Int8) {
    if (auto codes = checkpoint.read_codes(name)) return backend.pack(*codes, {});
    const Tensor weight = backend.upload(checkpoint.read(name, DType::F32));
    const RoundingProblem problem{
        .weight = weight,
        .channel_scales = {},
        .clip = nullptr,
        .scheme = {.bits = 8, .group_size = 64, .symmetry = Symmetry::Symmetric}};
    return backend.pack(backend.quantize(problem), {});
  }
  return upload(backend, DenseLinear{checkpoint.read(name, DType::F16), {}});
}

void read_text_side(const Checkpoint& checkpoint, LoadedModel& model) {
  const TokenizerSource& source = checkpoint.tokenizer_source();
  if (has_tokenizer(source)) model.tokenizer = load_tokenizer(source);
  if (source.chat_template.empty()) return;
  try {
    model.chat_template = std::make_shared<ChatTemplate>(source.chat_template);
  } catch (const Error& error) {
    model.warnings.push_back("the chat template is left out: " + std::string(error.what()));
  }
}

/// Everything that ends an answer: the config's ids, the tokenizer's EOS, and the end-of-turn
/// tokens that chat templates of the known families write.
std::vector<std::int32_t> stop_ids_of(const LoadedModel& model) {
  std::vector<std::int32_t> ids = model.decoder.shape.config.eos_ids;
  if (model.tokenizer) {
    if (const auto eos = model.tokenizer->eos()) ids.push_back(*eos);
    for (const char* text : {"<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|endoftext|>",
                             "<end_of_turn>", "<|end|>"}) {
      if (const auto id = model.tokenizer->find(text)) ids.push_back(*id);
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

/// The scheme of the packed linears where there are any, else what the source says of itself.
std::string precision_of(const Checkpoint& checkpoint, const Decoder& decoder) {
  const bool packed_here = !decoder.blocks.empty() && std::holds_alternative<PackedLinear>(
                                                          decoder.blocks.front().linears.front());
  if (checkpoint.already_quantized().empty() && !packed_here) return checkpoint.precision();
  for (const Block& block : decoder.blocks) {
    for (const Linear& linear : block.linears) {
      const auto* packed = std::get_if<PackedLinear>(&linear);
      if (packed != nullptr) return to_string(packed->scheme);
    }
  }
  return checkpoint.already_quantized();
}

}  // namespace

std::shared_ptr<const LoadedModel> load_model(Backend& backend, const Checkpoint& checkpoint,
                                              const LoadOptions& options) {
  auto model = std::make_shared<LoadedModel>();
  model->name = checkpoint.config().name;

  Decoder& decoder = model->decoder;
  decoder.shape = make_decoder_shape(checkpoint);
  require_stages(backend, decoder.shape);
  const Architecture& row = *decoder.shape.architecture;
  const bool tied = decoder.shape.config.tied_head;
  decoder.embedding = read_table(backend, checkpoint, std::string(row.embedding),
                                 tied ? options.head : HeadPrecision::Fp16);
  decoder.head = tied ? decoder.embedding
                      : read_table(backend, checkpoint, std::string(row.head), options.head);
  decoder.around = load_surroundings(backend, checkpoint, decoder.shape, DType::F16);
  for (std::int64_t i = 0; i < decoder.shape.config.num_layers; ++i) {
    decoder.blocks.push_back(read_block(backend, checkpoint, decoder.shape, i, options));
  }
  model->precision = precision_of(checkpoint, decoder);
  model->warnings = checkpoint.warnings();
  read_text_side(checkpoint, *model);
  model->stop_ids = stop_ids_of(*model);
  return model;
}

std::shared_ptr<const LoadedModel> load_model(Backend& backend, const std::filesystem::path& path,
                                              const LoadOptions& options) {
  const std::unique_ptr<Checkpoint> checkpoint = open_checkpoint(path);
  return load_model(backend, *checkpoint, options);
}

}  // namespace salient
