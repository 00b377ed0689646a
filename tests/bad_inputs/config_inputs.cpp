// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using enum Outcome;

/// The tiny model, then changed before it is written.
BadInput model(const char* id, const char* name, Outcome outcome, const char* says,
               const std::function<void(TinyCheckpoint&)>& change) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            TinyCheckpoint tiny = make_tiny_checkpoint();
            change(tiny);
            write_folder(tiny, folder);
            return fs::path();
          }};
}

BadInput key(const char* id, const char* name, Outcome outcome, const char* says, const char* key,
             const Json& value) {
  return model(id, name, outcome, says, [=](TinyCheckpoint& tiny) { tiny.config[key] = value; });
}

BadInput text(const char* id, const char* name, const char* says, const std::string& config) {
  return {id, name, Refused, says, [config](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            write_bytes(folder / "config.json", config);
            return fs::path();
          }};
}

BadInput scaling(const char* id, const char* name, Outcome outcome, const char* says,
                 const Json& value) {
  return key(id, name, outcome, says, "rope_scaling", value);
}

std::vector<BadInput> text_rows() {
  return {
      {"C01a", "no config", Refused, "has no config.json",
       [](const fs::path& folder) {
         write_folder(make_tiny_checkpoint(), folder);
         fs::remove(folder / "config.json");
         return fs::path();
       }},
      text("C01b", "empty", "config.json: line 1, column 1", ""),
      text("C01c", "an array", "is not a JSON object", "[]"),
      text("C01d", "trailing comma", "config.json: line 2, column 20", "{\n\"hidden_size\": 64, }"),
      text("C01e", "NaN", "config.json: line 1, column 18", "{\"rms_norm_eps\": NaN}"),
      text("C01f", "above a mebibyte", "at most 1048576 are read",
           "{}" + std::string((1 << 20) - 1, ' ')),
      text("C01g", "a mebibyte", "model_type is missing", "{}" + std::string((1 << 20) - 2, ' ')),
      text("C16", "deep", "nested deeper than 64", std::string(100'000, '[')),
      text("C18", "key twice", "key \"hidden_size\" comes twice",
           R"({"hidden_size": 64, "hidden_size": 128})")};
}

std::vector<BadInput> size_rows() {
  const char* needs = "an integer from 1 to";
  return {key("C02a", "width 0", Refused, "hidden_size is 0, an integer from 1 to 262144",
              "hidden_size", 0),
          key("C02b", "width -64", Refused, needs, "hidden_size", -64),
          key("C02c", "width as text", Refused, "hidden_size is \"64\", an integer", "hidden_size",
              "64"),
          key("C02d", "width 2^31", Refused, needs, "hidden_size", 2147483648U),
          key("C02e", "width 2^64-1", Refused, needs, "intermediate_size", ~0ULL),
          key("C02f", "width with a fraction", Refused, needs, "hidden_size", 64.5),
          key("C03a", "no layers", Refused, "num_hidden_layers is 0", "num_hidden_layers", 0),
          key("C03b", "10^9 layers", Refused, "num_hidden_layers is 1000000000",
              "num_hidden_layers", 1'000'000'000),
          key("C03c", "one layer more than there is", Refused,
              "9 tensors are missing for a config of 3 layers", "num_hidden_layers", 3),
          key("C03d", "one layer less than there is", Warned, "9 tensors are not used",
              "num_hidden_layers", 1),
          model("C04a", "heads that do not divide", Refused, "does not divide hidden_size 64",
                [](TinyCheckpoint& tiny) {
                  tiny.config["num_attention_heads"] = 5;
                  tiny.config.erase("head_dim");
                }),
          key("C04b", "KV heads that do not divide", Refused,
              "3 key-value heads do not divide 4 attention heads", "num_key_value_heads", 3),
          key("C05", "head_dim against q_proj", Refused,
              "expected [128, 64] by the config, the file", "head_dim", 32),
          key("C05b", "odd head_dim", Refused, "head_dim is 15", "head_dim", 15),
          key("C06", "more vocabulary than rows", Refused,
              "expected [300, 64] by the config, the file has [256, 64]", "vocab_size", 300)};
}

std::vector<BadInput> head_rows() {
  const auto drop_head = [](TinyCheckpoint& tiny) {
    std::erase_if(tiny.tensors, [](const TinyTensor& t) { return t.name == "lm_head.weight"; });
  };
  return {model("C07", "tied, no head", Accepted, "",
                [=](TinyCheckpoint& tiny) {
                  drop_head(tiny);
                  tiny.config["tie_word_embeddings"] = true;
                }),
          model("C07b", "tied, the same head", Accepted, "",
                [](TinyCheckpoint& tiny) {
                  tiny.tensor("lm_head.weight").bytes =
                      tiny.tensor("model.embed_tokens.weight").bytes;
                  tiny.config["tie_word_embeddings"] = true;
                }),
          model("C08", "not tied, no head", Refused,
                "lm_head.weight is missing and embeddings are not tied", drop_head),
          key("C09", "tied and different", Warned, "the embedding is used", "tie_word_embeddings",
              true)};
}

std::vector<BadInput> meaning_rows() {
  const Json foo = {{"type", "foo"}, {"factor", 2.0}};
  const auto linear = [](double factor) { return Json{{"type", "linear"}, {"factor", factor}}; };
  return {
      scaling("C10a", "unknown rotary scaling", Unsupported,
              "is \"foo\", known are \"default\", \"linear\"", foo),
      scaling("C10b", "factor 0", Refused, "rope_scaling.factor is 0.0", linear(0)),
      scaling("C10c", "factor -1", Refused, "rope_scaling.factor is -1.0", linear(-1)),
      scaling("C10d", "factor 1e308", Refused, "rope_scaling.factor is 1e+308", linear(1e308)),
      scaling("C10e", "no factor", Refused, "rope_scaling.factor is missing", {{"type", "linear"}}),
      scaling("C10f", "a key that changes the scaling", Unsupported, "attention_factor is not",
              {{"type", "linear"}, {"factor", 2.0}, {"attention_factor", 1.1}}),
      key("C10g", "theta 0", Refused, "rope_theta is 0", "rope_theta", 0),
      scaling("C10h", "scaling as text", Refused, "an object is needed", "linear"),
      key("C11a", "unknown model", Unsupported, "model_type \"xyz\" is not supported", "model_type",
          "xyz"),
      key("C11b", "Python code", Warned, "is never run", "auto_map",
          {{"AutoModelForCausalLM", "modeling.Evil"}}),
      key("C11c", "model type as number", Refused, "model_type is 1", "model_type", 1),
      key("C11d", "another activation", Unsupported, "hidden_act is \"mish\"", "hidden_act",
          "mish"),
      key("C12a", "eps 0", Refused, "rms_norm_eps is 0", "rms_norm_eps", 0),
      key("C12b", "eps -1", Refused, "rms_norm_eps is -1", "rms_norm_eps", -1),
      key("C12c", "eps 1e300", Refused, "rms_norm_eps is 1e+300", "rms_norm_eps", 1e300),
      key("C15", "quantized", Quantized, "GPTQ, 8 bit", "quantization_config",
          {{"quant_method", "gptq"}, {"bits", 8}}),
      model("C17a", "missing tensor", Refused, "model.layers.1.self_attn.k_proj.weight",
            [](TinyCheckpoint& tiny) {
              std::erase_if(tiny.tensors, [](const TinyTensor& t) {
                return t.name == "model.layers.1.self_attn.k_proj.weight";
              });
            }),
      model("C17b", "known extra tensor", Accepted, "", [](TinyCheckpoint& tiny) {
        tiny.tensors.push_back(
            {"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {8}, std::string(32, '\0')});
      })};
}

}  // namespace

std::vector<BadInput> config_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {text_rows(), size_rows(), head_rows(), meaning_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
