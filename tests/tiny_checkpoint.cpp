// SPDX-License-Identifier: Apache-2.0
#include "tests/tiny_checkpoint.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numbers>
#include <stdexcept>

#include "kernels/half.h"
#include "tests/byte_level.h"

namespace salient::tests {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kLoudChannels[] = {3, 17};
constexpr float kLoudness = 8.0F;

/// splitmix64 and Box-Muller: the same numbers with every standard library.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : state_(seed) {}
  float next(float deviation) {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * uniform())) * deviation;
  }

 private:
  double uniform() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return (static_cast<double>((z ^ (z >> 31U)) >> 11U) + 0.5) * 0x1p-53;
  }
  std::uint64_t state_;
};

template <class T>
void append(std::string& bytes, T value) {
  const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
  bytes.append(raw.data(), raw.size());
}

void append(std::string& bytes, float value, DType dtype) {
  if (dtype == DType::F32) return append(bytes, value);
  append(bytes, dtype == DType::F16 ? f32_to_f16(value) : f32_to_bf16(value));
}

std::string word_of(DType dtype) {
  if (dtype == DType::F32) return "F32";
  return dtype == DType::F16 ? "F16" : "BF16";
}

class Maker {
 public:
  explicit Maker(const TinyOptions& options) : options_(options), normal_(options.seed) {}

  void linear(const std::string& name, std::int64_t out, std::int64_t in, bool bias) {
    fill(name + ".weight", {out, in}, 0.0F, 1.0F / std::sqrt(static_cast<float>(in)));
    if (bias) fill(name + ".bias", {out}, 0.0F, 0.1F);
  }
  void norm(const std::string& name) { fill(name, {options_.hidden_size}, 1.0F, 0.1F); }
  void embedding(const std::string& name) {
    TinyTensor& tensor = add(name, {options_.vocab_size, options_.hidden_size});
    for (std::int64_t row = 0; row < options_.vocab_size; ++row) {
      for (std::int64_t k = 0; k < options_.hidden_size; ++k) {
        const bool loud = k == kLoudChannels[0] || k == kLoudChannels[1];
        append(tensor.bytes, normal_.next(loud ? kLoudness : 1.0F), options_.dtype);
      }
    }
  }
  std::vector<TinyTensor> take() { return std::move(tensors_); }

 private:
  TinyTensor& add(const std::string& name, const Shape& shape) {
    return tensors_.emplace_back(TinyTensor{name, word_of(options_.dtype), shape, {}});
  }
  void fill(const std::string& name, const Shape& shape, float mean, float deviation) {
    TinyTensor& tensor = add(name, shape);
    for (std::int64_t i = 0; i < element_count(shape); ++i) {
      append(tensor.bytes, mean + normal_.next(deviation), options_.dtype);
    }
  }

  TinyOptions options_;
  Normal normal_;
  std::vector<TinyTensor> tensors_;
};

std::vector<TinyTensor> make_tensors(const TinyOptions& o) {
  Maker maker(o);
  maker.embedding("model.embed_tokens.weight");
  for (std::int64_t layer = 0; layer < o.num_layers; ++layer) {
    const std::string block = "model.layers." + std::to_string(layer) + ".";
    const std::int64_t q_rows = o.num_heads * o.head_dim;
    const std::int64_t kv_rows = o.num_kv_heads * o.head_dim;
    maker.norm(block + "input_layernorm.weight");
    maker.linear(block + "self_attn.q_proj", q_rows, o.hidden_size, o.attention_bias);
    maker.linear(block + "self_attn.k_proj", kv_rows, o.hidden_size, o.attention_bias);
    maker.linear(block + "self_attn.v_proj", kv_rows, o.hidden_size, o.attention_bias);
    maker.linear(block + "self_attn.o_proj", o.hidden_size, q_rows, o.attention_bias);
    maker.norm(block + "post_attention_layernorm.weight");
    maker.linear(block + "mlp.gate_proj", o.intermediate_size, o.hidden_size, o.mlp_bias);
    maker.linear(block + "mlp.up_proj", o.intermediate_size, o.hidden_size, o.mlp_bias);
    maker.linear(block + "mlp.down_proj", o.hidden_size, o.intermediate_size, o.mlp_bias);
  }
  maker.norm("model.norm.weight");
  if (!o.tied_head) maker.linear("lm_head", o.vocab_size, o.hidden_size, false);
  return maker.take();
}

Json make_config(const TinyOptions& o) {
  return Json{{"architectures", {"LlamaForCausalLM"}},
              {"attention_bias", o.attention_bias},
              {"bos_token_id", 1},
              {"eos_token_id", 2},
              {"head_dim", o.head_dim},
              {"hidden_act", "silu"},
              {"hidden_size", o.hidden_size},
              {"intermediate_size", o.intermediate_size},
              {"max_position_embeddings", 256},
              {"mlp_bias", o.mlp_bias},
              {"model_type", "llama"},
              {"num_attention_heads", o.num_heads},
              {"num_hidden_layers", o.num_layers},
              {"num_key_value_heads", o.num_kv_heads},
              {"rms_norm_eps", 1e-05},
              {"rope_scaling", nullptr},
              {"rope_theta", 10000.0},
              {"tie_word_embeddings", o.tied_head},
              {"torch_dtype", name_of(o.dtype)},
              {"vocab_size", o.vocab_size}};
}

/// Every byte is one token, written with GPT-2's printable stand-ins.
Json tokenizer_json() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[byte_stand_in(byte)] = byte;
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  return Json{{"version", "1.0"},
              {"truncation", nullptr},
              {"padding", nullptr},
              {"added_tokens", Json::array()},
              {"normalizer", nullptr},
              {"pre_tokenizer", byte_level},
              {"post_processor", nullptr},
              {"decoder", byte_level},
              {"model",
               {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", nullptr},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", false},
                {"byte_fallback", false},
                {"vocab", vocab},
                {"merges", Json::array()}}}};
}

void write_small_files(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_bytes(folder / "config.json", checkpoint.config.dump(2));
  write_bytes(folder / "generation_config.json",
              Json{{"bos_token_id", 1}, {"eos_token_id", {2, 3}}}.dump(2));
  if (checkpoint.options.vocab_size != 256) return;
  write_bytes(folder / "tokenizer.json", tokenizer_json().dump(1));
  write_bytes(
      folder / "tokenizer_config.json",
      Json{{"add_bos_token", false}, {"tokenizer_class", "PreTrainedTokenizerFast"}}.dump());
}

}  // namespace

TinyTensor& TinyCheckpoint::tensor(std::string_view name) {
  for (TinyTensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::out_of_range("no tensor " + std::string(name));
}

std::vector<float> TinyCheckpoint::values(std::string_view name) const {
  const TinyTensor& tensor = const_cast<TinyCheckpoint*>(this)->tensor(name);
  std::vector<float> values(static_cast<std::size_t>(element_count(tensor.shape)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (tensor.dtype == "F32") {
      std::memcpy(&values[i], tensor.bytes.data() + 4 * i, 4);
      continue;
    }
    std::uint16_t bits = 0;
    std::memcpy(&bits, tensor.bytes.data() + 2 * i, 2);
    values[i] = tensor.dtype == "F16" ? f16_to_f32(bits) : bf16_to_f32(bits);
  }
  return values;
}

TinyCheckpoint make_tiny_checkpoint(const TinyOptions& options) {
  return {options, make_config(options), make_tensors(options)};
}

Json safetensors_header(const std::vector<TinyTensor>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::size_t begin = 0;
  for (const TinyTensor& tensor : tensors) {
    const std::size_t end = begin + tensor.bytes.size();
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  return header;
}

std::string safetensors_bytes(std::string_view header, std::string_view data) {
  std::string bytes;
  append(bytes, static_cast<std::uint64_t>(header.size()));
  return bytes.append(header).append(data);
}

std::string safetensors_bytes(const std::vector<TinyTensor>& tensors) {
  std::string header = safetensors_header(tensors).dump();
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string data;
  for (const TinyTensor& tensor : tensors) data += tensor.bytes;
  return safetensors_bytes(header, data);
}

void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void write_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder) {
  write_small_files(checkpoint, folder);
  write_bytes(folder / "model.safetensors", safetensors_bytes(checkpoint.tensors));
}

void write_sharded_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder,
                          std::size_t shards) {
  write_small_files(checkpoint, folder);
  Json map = Json::object();
  std::size_t total = 0;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    char name[64];
    std::snprintf(name, sizeof(name), "model-%05zu-of-%05zu.safetensors", shard + 1, shards);
    const std::size_t count = checkpoint.tensors.size();
    const auto first =
        checkpoint.tensors.begin() + static_cast<std::ptrdiff_t>(count * shard / shards);
    const auto last =
        checkpoint.tensors.begin() + static_cast<std::ptrdiff_t>(count * (shard + 1) / shards);
    const std::vector<TinyTensor> part(first, last);
    for (const TinyTensor& tensor : part) {
      map[tensor.name] = name;
      total += tensor.bytes.size();
    }
    write_bytes(folder / name, safetensors_bytes(part));
  }
  write_bytes(folder / "model.safetensors.index.json",
              Json{{"metadata", {{"total_size", total}}}, {"weight_map", map}}.dump(2));
}

}  // namespace salient::tests
