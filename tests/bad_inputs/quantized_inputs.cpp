// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const std::string kLinear = "model.layers.0.self_attn.q_proj.";

/// q_proj of block 0, [64, 64], as these tensors, whose bytes are all alike.
struct Part {
  std::string name;
  std::string dtype;
  Shape shape;
  char fill = '\x21';
};

std::size_t bytes_of(const Part& part) {
  const std::size_t width = part.dtype == "I64" ? 8 : part.dtype == "I32" ? 4 : 2;
  std::size_t bytes = width;
  for (const std::int64_t dim : part.shape) {
    if (dim == 0) return 0;
    bytes *= static_cast<std::size_t>(dim);
  }
  return bytes;
}

using Parts = std::vector<Part>;

BadInput row(const char* id, const char* name, Outcome outcome, const char* says,
             const Json& config, const Parts& parts) {
  return {id, name, outcome, says, [=](const fs::path& folder) {
            TinyCheckpoint tiny = make_tiny_checkpoint();
            std::erase_if(tiny.tensors,
                          [](const TinyTensor& t) { return t.name == kLinear + "weight"; });
            for (const Part& part : parts) {
              std::string bytes(bytes_of(part), part.fill);
              if (part.name == "weight_shape") {
                std::fill(bytes.begin(), bytes.end(), '\0');
                bytes[0] = bytes[8] = part.fill;
              }
              tiny.tensors.push_back({kLinear + part.name, part.dtype, part.shape, bytes});
            }
            tiny.config["quantization_config"] = config;
            write_folder(tiny, folder);
            return fs::path();
          }};
}

Json gptq(int bits = 4, int group = 32) {
  return {{"quant_method", "gptq"}, {"bits", bits}, {"group_size", group}, {"sym", true}};
}

/// Sound parts for 4 bits in groups of 32, with some replaced; one of rank 0 is left out.
Parts gptq_parts(const Parts& replaced = {}) {
  Parts parts = {{"qweight", "I32", {8, 64}},
                 {"qzeros", "I32", {2, 8}, '\x77'},
                 {"scales", "F16", {2, 64}},
                 {"g_idx", "I32", {64}, '\0'}};
  for (const Part& part : replaced) {
    *std::ranges::find(parts, part.name, &Part::name) = part;
  }
  std::erase_if(parts, [](const Part& part) { return part.shape.empty(); });
  return parts;
}

BadInput bad_gptq(const char* id, const char* name, const char* says, const Parts& replaced,
                  const Json& config = gptq()) {
  return row(id, name, Outcome::Refused, says, config, gptq_parts(replaced));
}

std::vector<BadInput> gptq_rows() {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  return {
      row("V01", "GPTQ", Outcome::Quantized, "GPTQ, 4 bit", gptq(), gptq_parts()),
      bad_gptq("V02", "no steps", "scales\" is missing", {{"scales", "F16", {}}}),
      bad_gptq("V03", "zero points of another shape", "[2, 8] expected",
               {{"qzeros", "I32", {2, 64}}}),
      bad_gptq("V04", "steps of another shape", "[2, 64] expected", {{"scales", "F16", {2, 32}}}),
      bad_gptq("V05", "groups that do not divide", "has 3 groups for 64 inputs",
               {{"scales", "F16", {3, 64}}}),
      bad_gptq("V06", "an index of another length", "which is not 50 inputs",
               {{"g_idx", "I32", {50}}}),
      bad_gptq("V07", "an index of no length", "which is not 0 inputs", {{"g_idx", "I32", {0}}}),
      bad_gptq("V08", "a shape that wraps", "which is too large", {{"qweight", "I32", {0, kHuge}}}),
      bad_gptq("V09", "no rows", "which is not 64 inputs", {{"qweight", "I32", {0, 64}}}),
      bad_gptq("V10", "a vector", "2 dimensions are expected", {{"qweight", "I32", {512}}}),
      bad_gptq("V11", "fewer inputs than the config", "expected [64, 64] by the config",
               {{"qweight", "I32", {4, 64}},
                {"g_idx", "I32", {32}},
                {"scales", "F16", {1, 64}},
                {"qzeros", "I32", {1, 8}}}),
      bad_gptq("V12", "5 bits", "bits is 5", {}, gptq(5)),
      bad_gptq("V13", "300 bits", "bits is 300", {}, gptq(300)),
      bad_gptq("V14", "a negative group", "group_size is -7", {}, gptq(4, -7)),
      bad_gptq("V15", "bits as text", "bits is not an integer", {},
               {{"quant_method", "gptq"}, {"bits", "4"}})};
}

Json compressed(int bits = 4, bool symmetric = true) {
  return {{"quant_method", "compressed-tensors"},
          {"format", "pack-quantized"},
          {"config_groups",
           {{"group_0",
             {{"targets", {"Linear"}},
              {"weights",
               {{"num_bits", bits},
                {"type", "int"},
                {"symmetric", symmetric},
                {"strategy", "group"},
                {"group_size", 32}}}}}}}};
}

Parts compressed_parts(const Parts& replaced = {}) {
  Parts parts = {{"weight_packed", "I32", {64, 8}},
                 {"weight_scale", "F16", {64, 2}},
                 {"weight_shape", "I64", {2}, 64}};
  for (const Part& part : replaced) {
    *std::ranges::find(parts, part.name, &Part::name) = part;
  }
  std::erase_if(parts, [](const Part& part) { return part.shape.empty(); });
  return parts;
}

BadInput bad_compressed(const char* id, const char* name, const char* says, const Parts& replaced,
                        const Json& config = compressed()) {
  return row(id, name, Outcome::Refused, says, config, compressed_parts(replaced));
}

std::vector<BadInput> compressed_rows() {
  Json no_groups = compressed();
  no_groups.erase("config_groups");
  Json no_weights = compressed();
  no_weights["config_groups"]["group_0"]["weights"] = nullptr;
  return {
      row("V20", "compressed-tensors", Outcome::Quantized, "compressed-tensors", compressed(),
          compressed_parts()),
      bad_compressed("V21", "no shape", "weight_shape\" is missing", {{"weight_shape", "I64", {}}}),
      bad_compressed("V22", "a shape of three", "[2] expected", {{"weight_shape", "I64", {3}, 64}}),
      bad_compressed("V23", "a shape of 0", "holds 0", {{"weight_shape", "I64", {2}, 0}}),
      bad_compressed("V24", "other codes than the shape", "which fits none of config_groups",
                     {{"weight_packed", "I32", {64, 4}}}),
      bad_compressed("V25", "fewer rows than the shape", "[64, 8] expected",
                     {{"weight_packed", "I32", {32, 8}}}),
      bad_compressed("V26", "zero points missing", "which fits none of config_groups", {},
                     compressed(4, false)),
      bad_compressed("V27", "steps of another shape", "[64, 2] expected",
                     {{"weight_scale", "F16", {32, 2}}}),
      bad_compressed("V28", "no groups of settings", "config_groups is missing", {}, no_groups),
      bad_compressed("V29", "no settings", "\"group_0\" has no weights", {}, no_weights),
      row("V30", "6 bits", Outcome::Unsupported, "integers of 4 and 8 bits are read", compressed(6),
          compressed_parts())};
}

std::vector<BadInput> awq_rows() {
  const Json config = {
      {"quant_method", "awq"}, {"bits", 4}, {"group_size", 32}, {"version", "gemv"}};
  const auto parts = [](const Shape& zeros, const Shape& steps) {
    return Parts{{"qweight", "I32", {64, 8}}, {"qzeros", "I32", zeros}, {"scales", "F16", steps}};
  };
  return {
      row("V40", "AWQ gemv", Outcome::Quantized, "AWQ, 4 bit", config, parts({64, 4}, {64, 32})),
      row("V41", "zero points too narrow", Outcome::Refused, "or wider expected", config,
          parts({64, 0}, {64, 0})),
      row("V42", "steps of another shape", Outcome::Refused, "[64, 32] expected", config,
          parts({64, 4}, {64, 2}))};
}

}  // namespace

std::vector<BadInput> quantized_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {gptq_rows(), compressed_rows(), awq_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
