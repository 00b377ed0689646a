// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kNorm = "model.norm.weight";
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

/// The tiny model with these bytes as its weights.
BadInput bytes(const char* id, const char* name, const char* says, const std::string& weights) {
  return {id, name, Outcome::Refused, says, [weights](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            write_bytes(folder / kWeights, weights);
            return fs::path();
          }};
}

std::string data() {
  std::string all;
  for (const TinyTensor& tensor : make_tiny_checkpoint().tensors) all += tensor.bytes;
  return all;
}

/// The tiny model with its header changed as JSON.
BadInput header(const char* id, const char* name, const char* says,
                const std::function<void(Json&)>& change) {
  return {id, name, Outcome::Refused, says, [change](const fs::path& folder) {
            const TinyCheckpoint tiny = make_tiny_checkpoint();
            write_folder(tiny, folder);
            Json json = safetensors_header(tiny.tensors);
            change(json);
            write_bytes(folder / kWeights, safetensors_bytes(json.dump(), data()));
            return fs::path();
          }};
}

/// The same with the header changed as text.
BadInput text(const char* id, const char* name, const char* says,
              const std::function<std::string(std::string)>& change) {
  return {id, name, Outcome::Refused, says, [change](const fs::path& folder) {
            const TinyCheckpoint tiny = make_tiny_checkpoint();
            write_folder(tiny, folder);
            const std::string json = change(safetensors_header(tiny.tensors).dump());
            write_bytes(folder / kWeights, safetensors_bytes(json, data()));
            return fs::path();
          }};
}

/// The tiny model with its tensors changed, written correctly.
BadInput tensors(const char* id, const char* name, Outcome outcome, const char* says,
                 const std::function<void(TinyCheckpoint&)>& change) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            TinyCheckpoint tiny = make_tiny_checkpoint();
            change(tiny);
            write_folder(tiny, folder);
            return fs::path();
          }};
}

std::string named(const std::string& json, const std::string& name) {
  return "{\"" + name + "\":" + json.substr(json.find("{\"dtype"));
}

std::vector<BadInput> length_rows() {
  const std::string ones(8, '\xFF');
  const std::string four_gib = std::string("\0\0\0\0\1\0\0\0", 8) + std::string(192, ' ');
  std::string reversed = safetensors_bytes("{}", "");
  std::reverse(reversed.begin(), reversed.begin() + 8);
  const std::string too_long = std::string("\3\0\0\0\0\0\0\0{}", 10);
  BadInput large = bytes("S04", "4 GiB header", "header of 4294967296 bytes", four_gib);
  large.mebibytes = 64;
  return {bytes("S01", "empty", "empty file", ""),
          bytes("S02", "seven bytes", "has 7 bytes", std::string(7, '\0')),
          bytes("S03", "length all ones", "header of 18446744073709551615 bytes", ones + "{}"),
          large,
          bytes("S05", "length one too long", "header of 3 bytes announced", too_long),
          bytes("S06", "length 0", "header of 0 bytes", safetensors_bytes("", data())),
          bytes("S34", "big-endian length", "header of 144115188075855872 bytes", reversed)};
}

std::vector<BadInput> json_rows() {
  const auto whole = [](const char* replacement) {
    return [replacement](const std::string&) { return std::string(replacement); };
  };
  std::vector<BadInput> rows = {
      text("S08", "not UTF-8", "byte 2 is not UTF-8",
           [](const std::string& json) {
             return named(json,
                          "\xFF"
                          "b");
           }),
      text("S09a", "an array", "an array instead of an object", whole("[]")),
      text("S09b", "null", "null is not expected", whole("null")),
      text("S09c", "a string", "a string is not expected", whole("\"x\"")),
      text("S09d", "a number", "header of 1 bytes", whole("1")),
      text("S09e", "a longer number", "a number is not expected", whole("12")),
      text("S10", "JSON cut", "the text ends too early",
           [](const std::string& json) { return json.substr(0, json.size() - 20); }),
      text("S11", "byte order mark", "byte order mark",
           [](const std::string& json) { return "\xEF\xBB\xBF" + json; }),
      text("S12", "lone surrogate", "not valid JSON",
           [](const std::string& json) { return named(json, "\\ud800"); }),
      text("S13", "same name twice", "tensor \"lm_head.weight\" comes twice",
           [](const std::string& json) {
             return json.substr(0, json.size() - 1) +
                    R"(,"lm_head.weight":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}})";
           }),
      text("S13b", "a field twice", "comes twice",
           [](const std::string& json) {
             std::string changed = json;
             return changed.insert(changed.find("\"dtype"), "\"dtype\":\"F16\",");
           }),
      text("S31", "deep header", "nested deeper than 64",
           [](const std::string&) { return std::string(100'000, '['); })};
  rows.push_back(header("S30", "metadata not strings", "__metadata__: an array is not expected",
                        [](Json& json) {
                          json["__metadata__"] = {{"a", {1}}};
                        }));
  return rows;
}

std::vector<BadInput> range_rows() {
  const auto offsets = [](std::uint64_t begin, std::uint64_t end) {
    return [=](Json& json) { json[kNorm]["data_offsets"] = {begin, end}; };
  };
  const auto shape = [](const char* dtype, const Json& dims) {
    return [=](Json& json) {
      json[kNorm]["dtype"] = dtype;
      json[kNorm]["shape"] = dims;
    };
  };
  return {
      header("S14", "begin after end", "data_offsets begin at 64, after their end 0",
             offsets(64, 0)),
      header("S15", "overlap", "overlap",
             [](Json& json) {
               json[kNorm]["data_offsets"] = {0, 128};
             }),
      header("S15b", "hole", "belong to no tensor",
             [](Json& json) {
               const std::uint64_t end = json["lm_head.weight"]["data_offsets"][1];
               json["lm_head.weight"]["data_offsets"] = {end - 32768 + 8, end + 8};
             }),
      header("S16", "end outside", "data_offsets give 18446744073709551615", offsets(0, kMost)),
      header("S17", "range wraps", "after their end 8",
             [](Json& json) {
               json[kNorm]["shape"] = {8};
               json[kNorm]["data_offsets"] = {kMost - 7, 8};
             }),
      header("S18", "negative shape", "a negative number is not expected",
             [](Json& json) { json[kNorm]["shape"] = {-1}; }),
      header("S18b", "negative offset", "a negative number is not expected",
             [](Json& json) {
               json[kNorm]["data_offsets"] = {-1, 128};
             }),
      header("S19", "shape product wraps", "too large", shape("F16", {4294967296U, 4294967296U})),
      header("S20", "byte product wraps", "too large", shape("F64", {2305843009213693952U})),
      header("S21", "shape against range",
             "[64, 64] of F16 needs 8192 bytes, data_offsets give 128", shape("F16", {64, 64})),
      header("S22", "dtype unknown", "dtype \"F17\" is not known", shape("F17", {64})),
      header("S22b", "dtype missing", "needs dtype, shape and data_offsets",
             [](Json& json) { json[kNorm].erase("dtype"); }),
      header("S22c", "unknown field", "key \"strides\" is not known",
             [](Json& json) { json[kNorm]["strides"] = {1}; }),
      header("S22d", "three offsets", "a number is not expected",
             [](Json& json) {
               json[kNorm]["data_offsets"] = {0, 1, 2};
             }),
      header("S25", "odd 4-bit count", "does not end on a whole byte", shape("F4", {7})),
      header("S28b", "nine dimensions", "more than 8 dimensions",
             shape("F16", {64, 1, 1, 1, 1, 1, 1, 1, 1}))};
}

std::vector<BadInput> size_rows() {
  const std::string whole = safetensors_bytes(make_tiny_checkpoint().tensors);
  const std::string zip("PK\x03\x04 and more", 13);
  return {
      bytes("S23", "bytes behind the end", "13 bytes after the last tensor", whole + zip),
      bytes("S24", "cut download", "the file is short by", whole.substr(0, whole.size() * 6 / 10)),
      tensors("S26", "no elements", Outcome::Refused, "q_proj.weight\": expected [64, 64]",
              [](TinyCheckpoint& tiny) {
                TinyTensor& q = tiny.tensor("model.layers.0.self_attn.q_proj.weight");
                q.shape = {0, 64};
                q.bytes.clear();
              }),
      tensors("S27", "scalar for a vector", Outcome::Refused, "expected [64]",
              [](TinyCheckpoint& tiny) {
                tiny.tensor(kNorm).shape = {};
                tiny.tensor(kNorm).bytes.resize(2);
              })};
}

/// q_proj of block 0 in AutoAWQ's form: 4-bit codes, eight to a word.
void quantize_q(TinyCheckpoint& tiny, std::int64_t in, std::int64_t words) {
  const std::string stem = "model.layers.0.self_attn.q_proj.";
  const auto at = std::ranges::find(tiny.tensors, stem + "weight", &TinyTensor::name);
  const auto size = static_cast<std::size_t>(in == 0 ? 0 : 4 * in * words);
  *at = {stem + "qweight", "I32", {in, words}, std::string(size, 'x')};
  tiny.tensors.push_back({stem + "qzeros", "I32", {1, 8}, std::string(32, 'x')});
  tiny.tensors.push_back({stem + "scales", "F16", {1, 64}, std::string(128, '\x30')});
  tiny.config["quantization_config"] = {
      {"quant_method", "awq"}, {"bits", 4}, {"group_size", 64}, {"version", "gemm"}};
}

std::vector<BadInput> content_rows() {
  const auto extra = [](const std::string& name) {
    return [name](TinyCheckpoint& tiny) {
      tiny.tensors.push_back({name, "F16", {1}, std::string(2, '\0')});
    };
  };
  return {
      tensors("S29a", "markup in a name", Outcome::Warned, "<img src=x>", extra("<img src=x>")),
      tensors("S29b", "terminal codes in a name", Outcome::Warned, "\\x1B[2J", extra("\x1B[2J")),
      tensors("S29c", "direction override", Outcome::Warned, "\\u{202E}", extra("a\u202E")),
      tensors("S29d", "name of a mebibyte", Outcome::Refused, "at most 1024",
              extra(std::string(1 << 20, 'a'))),
      tensors("S29e", "name of 1024 bytes", Outcome::Warned, "aaaa…",
              extra(std::string(1024, 'a'))),
      tensors("S29f", "name of 1025 bytes", Outcome::Refused, "at most 1024",
              extra(std::string(1025, 'a'))),
      tensors("S37", "mixed dtypes", Outcome::Accepted, "",
              [](TinyCheckpoint& tiny) {
                const TinyCheckpoint wide = make_tiny_checkpoint({.dtype = DType::F32});
                for (std::size_t i = 0; i < 8; ++i) tiny.tensors[i] = wide.tensors[i];
              }),
      tensors("S38", "FP8 without scales", Outcome::Refused, "weight_scale\" is missing",
              [](TinyCheckpoint& tiny) {
                TinyTensor& q = tiny.tensor("model.layers.0.self_attn.q_proj.weight");
                q.dtype = "F8_E4M3";
                q.bytes.resize(q.bytes.size() / 2);
              }),
      tensors("S38b", "integers for weights", Outcome::Unsupported, "stored as I16",
              [](TinyCheckpoint& tiny) { tiny.tensor(kNorm).dtype = "I16"; }),
      tensors("S39", "quantized already", Outcome::Quantized, "AWQ, 4 bit",
              [](TinyCheckpoint& tiny) { quantize_q(tiny, 64, 8); }),
      tensors("S39b", "quantized, and the config does not say so", Outcome::Quantized, "qweight",
              [](TinyCheckpoint& tiny) {
                quantize_q(tiny, 64, 8);
                tiny.config.erase("quantization_config");
              }),
      tensors("S39c", "quantized without zero points", Outcome::Refused, "qzeros\" is missing",
              [](TinyCheckpoint& tiny) {
                quantize_q(tiny, 64, 8);
                std::erase_if(tiny.tensors,
                              [](const TinyTensor& t) { return t.name.ends_with("qzeros"); });
              }),
      tensors("S39d", "quantized in another shape", Outcome::Refused, "expected [64, 64]",
              [](TinyCheckpoint& tiny) { quantize_q(tiny, 64, 4); }),
      tensors("S39e", "quantized, a shape that wraps", Outcome::Refused, "expected [64, 64]",
              [](TinyCheckpoint& tiny) { quantize_q(tiny, 0, std::int64_t{1} << 62); })};
}

}  // namespace

std::vector<BadInput> safetensors_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {length_rows(), json_rows(), range_rows(), size_rows(), content_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
