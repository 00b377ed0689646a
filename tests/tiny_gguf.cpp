// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>

#include "kernels/half.h"
#include "tests/byte_level.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

constexpr std::uint32_t kU32 = 4;
constexpr std::uint32_t kI32 = 5;
constexpr std::uint32_t kF32 = 6;
constexpr std::uint32_t kString = 8;
constexpr std::uint32_t kArray = 9;
constexpr std::size_t kAlignment = 32;
constexpr std::size_t kQ8Block = 32;

template <class T>
void append(std::string& bytes, T value) {
  const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
  bytes.append(raw.data(), raw.size());
}

void append_text(std::string& bytes, std::string_view text) {
  append(bytes, static_cast<std::uint64_t>(text.size()));
  bytes.append(text);
}

void pad(std::string& bytes) {
  bytes.append((kAlignment - bytes.size() % kAlignment) % kAlignment, '\0');
}

std::string replaced(std::string name, std::string_view from, std::string_view to) {
  const std::size_t at = name.find(from);
  return at == std::string::npos ? name : name.replace(at, from.size(), to);
}

std::string gguf_name(std::string name) {
  static const std::vector<std::pair<std::string, std::string>> words = {
      {"model.embed_tokens", "token_embd"},
      {"model.norm", "output_norm"},
      {"lm_head", "output"},
      {"model.layers", "blk"},
      {"input_layernorm", "attn_norm"},
      {"post_attention_layernorm", "ffn_norm"},
      {"self_attn.q_proj", "attn_q"},
      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},
      {"self_attn.o_proj", "attn_output"},
      {"mlp.gate_proj", "ffn_gate"},
      {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"}};
  for (const auto& [from, to] : words) name = replaced(std::move(name), from, to);
  return name;
}

/// reshape(heads, 2, head_dim / 2, in).swapaxes(1, 2), as llama.cpp's converter does.
std::vector<float> permuted(const std::vector<float>& values, std::int64_t heads,
                            std::int64_t head_dim) {
  const std::size_t in = values.size() / static_cast<std::size_t>(heads * head_dim);
  std::vector<float> result(values.size());
  const std::int64_t half = head_dim / 2;
  for (std::int64_t row = 0; row < heads * head_dim; ++row) {
    const std::int64_t head = row / head_dim;
    const std::int64_t within = row % head_dim;
    const std::int64_t to = head * head_dim + 2 * (within % half) + within / half;
    std::copy_n(values.begin() + row * static_cast<std::int64_t>(in), in,
                result.begin() + to * static_cast<std::int64_t>(in));
  }
  return result;
}

std::string q8_0_bytes(const std::vector<float>& values) {
  std::string bytes;
  for (std::size_t block = 0; block < values.size(); block += kQ8Block) {
    float largest = 0.0F;
    for (std::size_t i = 0; i < kQ8Block; ++i)
      largest = std::max(largest, std::abs(values[block + i]));
    const float step = largest / 127.0F;
    append(bytes, f32_to_f16(step));
    for (std::size_t i = 0; i < kQ8Block; ++i) {
      const float code = step > 0.0F ? std::round(values[block + i] / step) : 0.0F;
      append(bytes, static_cast<std::int8_t>(code));
    }
  }
  return bytes;
}

void store(GgufTensor& tensor, const std::vector<float>& values, DType dtype) {
  static const std::map<DType, std::uint32_t> types = {
      {DType::F32, 0U}, {DType::F16, 1U}, {DType::BF16, 30U}};
  tensor.type = types.at(dtype);
  for (const float value : values) {
    if (dtype == DType::F32) append(tensor.bytes, value);
    if (dtype == DType::F16) append(tensor.bytes, f32_to_f16(value));
    if (dtype == DType::BF16) append(tensor.bytes, f32_to_bf16(value));
  }
}

std::vector<GgufEntry> make_metadata(const TinyOptions& o) {
  const auto u32 = [](std::int64_t value) { return gguf_u32(static_cast<std::uint32_t>(value)); };
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(byte_stand_in(byte));
  std::vector<GgufEntry> metadata = {{"general.architecture", gguf_string("llama")},
                                     {"general.name", gguf_string("Tiny")},
                                     {"llama.block_count", u32(o.num_layers)},
                                     {"llama.context_length", u32(256)},
                                     {"llama.embedding_length", u32(o.hidden_size)},
                                     {"llama.feed_forward_length", u32(o.intermediate_size)},
                                     {"llama.attention.head_count", u32(o.num_heads)},
                                     {"llama.attention.head_count_kv", u32(o.num_kv_heads)},
                                     {"llama.attention.key_length", u32(o.head_dim)},
                                     {"llama.attention.value_length", u32(o.head_dim)},
                                     {"llama.rope.dimension_count", u32(o.head_dim)},
                                     {"llama.rope.freq_base", gguf_f32(10000.0F)},
                                     {"llama.attention.layer_norm_rms_epsilon", gguf_f32(1e-5F)},
                                     {"llama.vocab_size", u32(o.vocab_size)}};
  if (o.vocab_size != 256) return metadata;
  metadata.insert(metadata.end(),
                  {{"tokenizer.ggml.model", gguf_string("gpt2")},
                   {"tokenizer.ggml.pre", gguf_string("gpt-2")},
                   {"tokenizer.ggml.tokens", gguf_string_array(tokens)},
                   {"tokenizer.ggml.token_type", gguf_i32_array(std::vector<std::int32_t>(256, 1))},
                   {"tokenizer.ggml.merges", gguf_string_array({})},
                   {"tokenizer.ggml.bos_token_id", gguf_u32(1)},
                   {"tokenizer.ggml.eos_token_id", gguf_u32(2)}});
  return metadata;
}

}  // namespace

std::string gguf_u32(std::uint32_t value) {
  std::string bytes;
  append(bytes, kU32);
  append(bytes, value);
  return bytes;
}

std::string gguf_f32(float value) {
  std::string bytes;
  append(bytes, kF32);
  append(bytes, value);
  return bytes;
}

std::string gguf_string(std::string_view value) {
  std::string bytes;
  append(bytes, kString);
  append_text(bytes, value);
  return bytes;
}

std::string gguf_string_array(const std::vector<std::string>& values) {
  std::string bytes;
  append(bytes, kArray);
  append(bytes, kString);
  append(bytes, static_cast<std::uint64_t>(values.size()));
  for (const std::string& value : values) append_text(bytes, value);
  return bytes;
}

std::string gguf_i32_array(const std::vector<std::int32_t>& values) {
  std::string bytes;
  append(bytes, kArray);
  append(bytes, kI32);
  append(bytes, static_cast<std::uint64_t>(values.size()));
  for (const std::int32_t value : values) append(bytes, value);
  return bytes;
}

TinyGguf make_tiny_gguf(const TinyCheckpoint& checkpoint, GgufWeights weights) {
  const TinyOptions& o = checkpoint.options;
  TinyGguf gguf{make_metadata(o), {}};
  for (const TinyTensor& source : checkpoint.tensors) {
    GgufTensor tensor{gguf_name(source.name), {}, 0, {}};
    for (auto dim = source.shape.rbegin(); dim != source.shape.rend(); ++dim) {
      tensor.shape.push_back(static_cast<std::uint64_t>(*dim));
    }
    std::vector<float> values = checkpoint.values(source.name);
    const bool is_q = source.name.find("q_proj") != std::string::npos;
    const bool is_k = source.name.find("k_proj") != std::string::npos;
    if (is_q || is_k) values = permuted(values, is_q ? o.num_heads : o.num_kv_heads, o.head_dim);
    const bool is_matrix = source.shape.size() == 2;
    if (is_matrix && weights == GgufWeights::Q8_0) {
      tensor.type = 8;
      tensor.bytes = q8_0_bytes(values);
    } else {
      store(tensor, values, is_matrix ? o.dtype : DType::F32);
    }
    gguf.tensors.push_back(std::move(tensor));
  }
  return gguf;
}

std::string gguf_bytes(const TinyGguf& gguf) {
  std::string bytes = "GGUF";
  append(bytes, std::uint32_t{3});
  append(bytes, static_cast<std::uint64_t>(gguf.tensors.size()));
  append(bytes, static_cast<std::uint64_t>(gguf.metadata.size()));
  for (const auto& [key, value] : gguf.metadata) {
    append_text(bytes, key);
    bytes += value;
  }
  std::string data;
  for (const GgufTensor& tensor : gguf.tensors) {
    append_text(bytes, tensor.name);
    append(bytes, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const std::uint64_t dim : tensor.shape) append(bytes, dim);
    append(bytes, tensor.type);
    append(bytes, static_cast<std::uint64_t>(data.size()));
    data += tensor.bytes;
    pad(data);
  }
  pad(bytes);
  return bytes + data;
}

}  // namespace salient::tests
