// SPDX-License-Identifier: Apache-2.0
// A checkpoint made from a config and a seed, written out and read back.
#include "engine/export/write_checkpoint.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/model/decoder.h"
#include "engine/model/synthetic_checkpoint.h"
#include "tests/shared_data.h"

using namespace salient;
using salient::tests::TemporaryFolder;

namespace {

constexpr const char* kConfig = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256,
  "intermediate_size": 320, "num_hidden_layers": 3, "num_attention_heads": 4,
  "num_key_value_heads": 2, "vocab_size": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
  "max_position_embeddings": 256, "hidden_act": "silu", "tie_word_embeddings": false,
  "torch_dtype": "bfloat16"})";

std::filesystem::path config_in(const TemporaryFolder& folder) {
  const auto path = folder.path() / "config.json";
  std::ofstream(path) << kConfig;
  return path;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::equal(a.data(), a.data() + a.bytes(), b.data());
}

}  // namespace

TEST_CASE("a written random checkpoint holds the numbers that are made in memory") {
  const TemporaryFolder folder;
  const auto made = make_synthetic_checkpoint(config_in(folder), 7);
  const auto target = folder.path() / "model";
  double last = -1;
  write_checkpoint(
      {.source = made.get(), .small_files = {{"README.md", "x\n"}}, .shard_bytes = 500'000}, target,
      {}, [&](const std::string& /*step*/, double share) {
        CHECK(share >= last);
        last = share;
      });
  CHECK(last == 1);
  CHECK(std::filesystem::exists(target / "model.safetensors.index.json"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".model.job"));
  const auto read = open_checkpoint(target);
  CHECK(read->precision() == "FP16");
  CHECK(read->parameter_count() == made->parameter_count());
  REQUIRE(read->tensors().size() == made->tensors().size());
  for (const TensorInfo& info : made->tensors()) {
    INFO(info.name);
    CHECK(same_bytes(read->read(info.name, DType::F16), made->read(info.name, DType::F16)));
  }
  CHECK(make_decoder_shape(*read).config.num_layers == 3);
}

TEST_CASE("a seed fixes every number, a few channels are loud, and blocks can be left out") {
  const TemporaryFolder folder;
  const auto config = config_in(folder);
  const std::string name = "model.layers.1.mlp.down_proj.weight";
  const auto a = make_synthetic_checkpoint(config, 1), twin = make_synthetic_checkpoint(config, 1);
  const auto other = make_synthetic_checkpoint(config, 2, 1);
  CHECK(same_bytes(a->read(name, DType::F16), twin->read(name, DType::F16)));
  const std::string early = "model.layers.0.mlp.down_proj.weight";
  CHECK_FALSE(same_bytes(a->read(early, DType::F16), other->read(early, DType::F16)));
  CHECK(other->config().num_layers == 1);
  CHECK_FALSE(other->has(name));
  const Tensor norm = a->read("model.layers.0.input_layernorm.weight", DType::F32);
  const auto loud = std::ranges::count_if(norm.as<float>(), [](float x) { return x > 5; });
  CHECK(loud == 2);
}

TEST_CASE("a cancelled or refused writing leaves nothing") {
  const TemporaryFolder folder;
  const auto made = make_synthetic_checkpoint(config_in(folder), 7);
  const auto target = folder.path() / "model";
  std::stop_source stop;
  int steps = 0;
  const auto cancel_third = [&](const std::string& /*step*/, double /*share*/) {
    if (++steps == 3) stop.request_stop();
  };
  CHECK_THROWS_AS(write_checkpoint({.source = made.get(), .small_files = {}}, target,
                                   stop.get_token(), cancel_third),
                  Error);
  CHECK(steps == 3);
  CHECK_FALSE(std::filesystem::exists(target));
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".model.job"));
  const auto nothing = [](const std::string& /*step*/, double /*share*/) {};
  write_checkpoint({.source = made.get(), .small_files = {}}, target, {}, nothing);
  CHECK_THROWS_AS(write_checkpoint({.source = made.get(), .small_files = {}}, target, {}, nothing),
                  Error);
  CHECK(std::filesystem::exists(target / "config.json"));
}
