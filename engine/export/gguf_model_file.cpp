// SPDX-License-Identifier: Apache-2.0
#include "engine/export/gguf_model_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <stdexcept>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/gguf_config.h"
#include "engine/error.h"
#include "engine/export/exported_vocabulary.h"
#include "engine/export/format_row.h"
#include "engine/export/gguf_blocks.h"
#include "engine/export/gguf_keys.h"

namespace salient {
namespace {

constexpr std::uint64_t kAlignment = 32;
constexpr std::uint32_t kVersion = 3;
constexpr std::uint32_t kQuantizationVersion = 2;
constexpr const char* kRopeFactors = "rope_freqs.weight";

/// Families whose computation llama.cpp does from the keys written here.
constexpr std::array<std::string_view, 3> kArchitectures = {"llama", "qwen2", "qwen3"};

std::string_view architecture_of(const ModelConfig& config) {
  const Architecture* row = find_architecture(config.model_type);
  const std::string_view name = row == nullptr ? "" : row->gguf_architecture;
  if (std::ranges::find(kArchitectures, name) == kArchitectures.end()) {
    throw Error(ErrorKind::Unsupported, "models of type " + in_quotes(config.model_type) +
                                            " cannot be written as GGUF yet; --format "
                                            "fp16 and llama.cpp's converter can");
  }
  return name;
}

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// The reader's names turned round: GGUF name and whether rows stand in rotary pairs, by the
/// family's name.
std::map<std::string, std::pair<std::string, bool>> gguf_names(const ModelConfig& config) {
  std::vector<std::string> stems = {"token_embd", "output_norm", "output"};
  for (std::int64_t block = 0; block < config.num_layers; ++block) {
    for (const char* stem : {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm",
                             "ffn_gate", "ffn_up", "ffn_down", "attn_q_norm", "attn_k_norm"}) {
      stems.push_back("blk." + std::to_string(block) + "." + stem);
    }
  }
  const Architecture& row = *find_architecture(config.model_type);
  std::map<std::string, std::pair<std::string, bool>> names;
  for (const std::string& stem : stems) {
    for (const char* kind : {".weight", ".bias"}) {
      const auto name = huggingface_name(row, stem + kind);
      if (name) names[name->name] = {stem + kind, name->rotary_rows};
    }
  }
  return names;
}

const GgufBlockType& type_of(const TensorSpec& spec) {
  const std::string_view word = !spec.word.empty()         ? spec.word
                                : spec.dtype == DType::F32 ? "F32"
                                                           : "F16";
  return *std::ranges::find(kGgufBlockTypes, word, &GgufBlockType::name);
}

/// Bytes of tensor [heads·head_dim, row bytes] with the two halves of every head interleaved, the
/// order of llama.cpp's rotary kernels.
Tensor in_rotary_order(const Tensor& tensor, std::int64_t head_dim) {
  Tensor turned(tensor.dtype(), tensor.shape());
  const auto rows = static_cast<std::size_t>(tensor.dim(0));
  const std::size_t row_bytes = tensor.bytes() / rows;
  const auto head = static_cast<std::size_t>(head_dim);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t within = row % head;
    const std::size_t from = row - within + within % 2 * (head / 2) + within / 2;
    std::copy_n(tensor.data() + from * row_bytes, row_bytes, turned.data() + row * row_bytes);
  }
  return turned;
}

/// What the frequencies of Llama 3's scaling are divided by, [head_dim / 2].
Tensor llama3_factors(const ModelConfig& config) {
  const RopeConfig& rope = config.rope;
  Tensor factors(DType::F32, {config.head_dim / 2});
  for (std::int64_t pair = 0; pair < config.head_dim / 2; ++pair) {
    const double frequency = std::pow(
        rope.theta, -2.0 * static_cast<double>(pair) / static_cast<double>(config.head_dim));
    const double turns =
        static_cast<double>(rope.original_max_positions) * frequency / (2 * std::numbers::pi);
    const double smooth = std::clamp((turns - rope.low_frequency_factor) /
                                         (rope.high_frequency_factor - rope.low_frequency_factor),
                                     0.0, 1.0);
    factors.as<float>()[static_cast<std::size_t>(pair)] =
        static_cast<float>(1 / ((1 - smooth) / rope.factor + smooth));
  }
  return factors;
}

std::uint32_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint32_t>(value);
}

void add_model_keys(GgufKeys& keys, const ModelConfig& config, std::string_view architecture) {
  const std::string prefix = std::string(architecture) + ".";
  const auto add = [&](const char* key, auto value) { keys.add(prefix + key, value); };
  add("block_count", unsigned_of(config.num_layers));
  add("context_length", unsigned_of(config.max_positions));
  add("embedding_length", unsigned_of(config.hidden_size));
  add("feed_forward_length", unsigned_of(config.intermediate_size));
  add("attention.head_count", unsigned_of(config.num_heads));
  add("attention.head_count_kv", unsigned_of(config.num_kv_heads));
  add("attention.layer_norm_rms_epsilon", static_cast<float>(config.norm_eps));
  add("attention.key_length", unsigned_of(config.head_dim));
  add("attention.value_length", unsigned_of(config.head_dim));
  add("rope.freq_base", static_cast<float>(config.rope.theta));
  add("rope.dimension_count", unsigned_of(config.head_dim));
  if (config.rope.scaling == RopeScaling::LinearPositions) {
    add("rope.scaling.type", "linear");
    add("rope.scaling.factor", static_cast<float>(config.rope.factor));
  }
  add("vocab_size", unsigned_of(config.vocab_size));
}

void add_vocabulary_keys(GgufKeys& keys, const GgufVocabulary& vocabulary) {
  keys.add("tokenizer.ggml.model", vocabulary.model);
  const std::string& pre = vocabulary.pre_tokenizer;
  keys.add("tokenizer.ggml.pre", pre.empty() ? std::string_view("default") : std::string_view(pre));
  keys.add("tokenizer.ggml.tokens", std::span<const std::string>(vocabulary.tokens));
  if (!vocabulary.scores.empty()) {
    keys.add("tokenizer.ggml.scores", std::span<const float>(vocabulary.scores));
  }
  if (!vocabulary.token_types.empty()) {
    keys.add("tokenizer.ggml.token_type", std::span<const std::int32_t>(vocabulary.token_types));
  }
  if (!vocabulary.merges.empty()) {
    keys.add("tokenizer.ggml.merges", std::span<const std::string>(vocabulary.merges));
  }
  const auto add_id = [&](const char* name, const std::optional<std::int32_t>& id) {
    if (id) keys.add(std::string("tokenizer.ggml.") + name, unsigned_of(*id));
  };
  add_id("bos_token_id", vocabulary.bos);
  add_id("eos_token_id", vocabulary.eos);
  add_id("unknown_token_id", vocabulary.unknown);
  add_id("padding_token_id", vocabulary.padding);
  const auto add_flag = [&](const char* name, const std::optional<bool>& flag) {
    if (flag) keys.add(std::string("tokenizer.ggml.") + name, *flag);
  };
  add_flag("add_bos_token", vocabulary.add_bos);
  add_flag("add_eos_token", vocabulary.add_eos);
  add_flag("add_space_prefix", vocabulary.add_space_prefix);
}

GgufKeys keys_of(const std::string& model_name, const ModelLayout& layout,
                 const Checkpoint& source) {
  const ModelConfig& config = layout.shape.config;
  const std::string_view architecture = architecture_of(config);
  GgufKeys keys;
  keys.add("general.architecture", architecture);
  keys.add("general.type", "model");
  keys.add("general.name", model_name);
  keys.add("general.quantized_by", "Salient");
  add_model_keys(keys, config, architecture);
  keys.add("general.file_type", layout.row->gguf_file_type);
  add_vocabulary_keys(keys, exported_vocabulary(source));
  const std::string& chat = source.tokenizer_source().chat_template;
  if (!chat.empty()) keys.add("tokenizer.chat_template", chat);
  keys.add("general.quantization_version", kQuantizationVersion);
  return keys;
}

/// One tensor in the file.
struct Entry {
  std::string name;
  const GgufBlockType* type = nullptr;
  Shape shape;  ///< of weights, [out_features, in_features]
  bool rotary_rows = false;
  std::uint64_t offset = 0, bytes = 0;
};

void put_entry(std::string& bytes, const Entry& entry) {
  put_text(bytes, entry.name);
  put_u32(bytes, static_cast<std::uint32_t>(entry.shape.size()));
  for (std::size_t i = entry.shape.size(); i-- > 0;) {
    put_u64(bytes, static_cast<std::uint64_t>(entry.shape[i]));
  }
  put_u32(bytes, entry.type->number);
  put_u64(bytes, entry.offset);
}

class GgufModelFile : public WeightsFile {
 public:
  GgufModelFile(const Folder& folder, const std::string& model_name, const ModelLayout& layout,
                const Checkpoint& source)
      : head_dim_(layout.shape.config.head_dim) {
    const auto names = gguf_names(layout.shape.config);
    for (const TensorSpec& spec : layout.tensors) add(spec, names);
    const bool llama3 = layout.shape.config.rope.scaling == RopeScaling::Llama3;
    if (llama3)
      add({kRopeFactors, DType::F32, {head_dim_ / 2}}, {{kRopeFactors, {kRopeFactors, false}}});
    const std::string header = make_header(keys_of(model_name, layout, source));
    data_start_ = header.size();
    file_.emplace(folder, gguf_file_name(model_name, *layout.row), data_start_ + data_bytes_);
    file_->write_at(0, std::as_bytes(std::span(header)));
    if (llama3) write(kRopeFactors, llama3_factors(layout.shape.config), {});
  }

  void write(std::string_view name, const Tensor& tensor, const std::stop_token& stop) override {
    const auto found = entries_.find(name);
    if (found == entries_.end()) throw std::logic_error("no tensor " + std::string(name));
    const Entry& entry = found->second;
    if (tensor.bytes() != entry.bytes) {
      throw std::logic_error(std::string(name) + " is not as announced");
    }
    const Tensor stored = entry.rotary_rows ? in_rotary_order(tensor, head_dim_) : tensor;
    file_->write_at(data_start_ + entry.offset, std::span(stored.data(), stored.bytes()), stop);
    written_.insert(std::string(name));
  }

  void finish() override {
    for (const auto& [name, entry] : entries_) {
      if (!written_.contains(name)) throw std::logic_error("tensor " + name + " was never written");
    }
    file_->publish();
  }

 private:
  void add(const TensorSpec& spec,
           const std::map<std::string, std::pair<std::string, bool>>& names) {
    const auto found = names.find(spec.name);
    if (found == names.end()) {
      throw Error(ErrorKind::Unsupported, spec.name + ": GGUF has no name for this tensor");
    }
    Entry entry{found->second.first, &type_of(spec), spec.shape, found->second.second};
    if (entry.type->elements > 1) {
      entry.shape.back() = entry.shape.back() / entry.type->bytes * entry.type->elements;
    }
    entry.bytes = spec.bytes();
    entry.offset = data_bytes_;
    data_bytes_ += aligned(entry.bytes);
    entries_.emplace(spec.name, entry);
    order_.push_back(spec.name);
  }

  std::string make_header(const GgufKeys& keys) const {
    std::string header = "GGUF";
    put_u32(header, kVersion);
    put_u64(header, order_.size());
    put_u64(header, keys.count());
    header += keys.bytes();
    for (const std::string& name : order_) put_entry(header, entries_.at(name));
    header.resize(static_cast<std::size_t>(aligned(header.size())), '\0');
    return header;
  }

  std::int64_t head_dim_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> order_;
  std::set<std::string> written_;
  std::uint64_t data_start_ = 0, data_bytes_ = 0;
  std::optional<DurableFile> file_;
};

}  // namespace

void check_gguf_source(const Checkpoint& source) {
  const ModelConfig& config = source.config();
  static_cast<void>(architecture_of(config));
  const RopeScaling scaling = config.rope.scaling;
  if (scaling != RopeScaling::None && scaling != RopeScaling::LinearPositions &&
      scaling != RopeScaling::Llama3) {
    throw Error(ErrorKind::Unsupported,
                "this model's scaling of rotary positions cannot be written "
                "as GGUF yet; default, linear and llama3 can");
  }
  static_cast<void>(exported_vocabulary(source));
}

std::string gguf_file_name(const std::string& model_name, const FormatRow& row) {
  std::string name;
  for (const char c : model_name) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte < 0x20 || c == '/' || c == '\\' ? '-' : c;
  }
  if (name.empty() || name.front() == '.') name = "model" + name;
  return name.substr(0, 200) + "-" + std::string(row.label.substr(row.label.rfind(' ') + 1)) +
         ".gguf";
}

std::unique_ptr<WeightsFile> make_gguf_file(const Folder& folder, const std::string& model_name,
                                            const ModelLayout& layout, const Checkpoint& source) {
  return std::make_unique<GgufModelFile>(folder, model_name, layout, source);
}

}  // namespace salient
