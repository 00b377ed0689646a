// SPDX-License-Identifier: Apache-2.0
// GGUF exports, read back by our own reader; export_unpack_test.py reads them with the public
// package.
#include <cmath>
#include <fstream>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/export/exported_vocabulary.h"
#include "engine/export/source_check.h"
#include "engine/tokenizer/tokenizer.h"
#include "kernels/half.h"
#include "tests/export/made_blocks.h"

using namespace salient;
using namespace salient::tests;

namespace {

std::filesystem::path run_export(MadeExport& made) {
  made.request.model_name = "Tiny/Model";
  export_model(made.request, made.target(), {}, [](const std::string&, double) {});
  for (const auto& entry : std::filesystem::directory_iterator(made.target())) {
    if (entry.path().extension() == ".gguf") return entry.path();
  }
  FAIL("no GGUF was written");
  return {};
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::equal(a.data(), a.data() + a.bytes(), b.data());
}

std::string linear_name(std::int64_t block, LinearRole role) {
  return find_architecture("llama")->linear_name(block, role) + ".weight";
}

}  // namespace

TEST_CASE("a GGUF export is a file that our reader opens with the same values") {
  MadeExport made({.attention_bias = true}, {4, 64, Symmetry::Symmetric}, ExportFormat::GgufQ4_0);
  made.settings[{0, LinearRole::Value}].scheme.bits = 8;
  made.settings[{1, LinearRole::Up}].keep_fp16 = true;
  made.refresh();
  const std::filesystem::path file = run_export(made);
  CHECK(file.filename() == "Tiny-Model-Q4_0.gguf");
  const auto written = open_checkpoint(file);
  CHECK(written->find(linear_name(0, LinearRole::Query))->stored_type == "Q4_0");
  CHECK(written->find(linear_name(0, LinearRole::Value))->stored_type == "Q8_0");
  CHECK(written->find(linear_name(1, LinearRole::Up))->stored_type == "F16");
  for (std::int64_t index = 0; index < 2; ++index) {
    for (const auto& entry : made.blocks->block(index).linears) {
      if (!entry.codes) continue;
      const Tensor found = written->read(linear_name(index, entry.id.role), DType::F32);
      CHECK(same(found, dequantize(*entry.codes)));
    }
  }
  const ModelConfig& a = made.source->config();
  const ModelConfig& b = written->config();
  CHECK(b.hidden_size == a.hidden_size);
  CHECK(b.num_kv_heads == a.num_kv_heads);
  CHECK(b.rope.theta == doctest::Approx(a.rope.theta));
  CHECK(b.norm_eps == doctest::Approx(a.norm_eps));
  CHECK(b.max_positions == a.max_positions);
  CHECK(b.tied_head == a.tied_head);
}

TEST_CASE("the vocabulary of a GGUF export gives the same ids as the folder's tokenizer") {
  MadeExport made({}, {4, 32, Symmetry::Symmetric}, ExportFormat::GgufQ4_0);
  const auto written = open_checkpoint(run_export(made));
  const auto folder = load_tokenizer(made.source->tokenizer_source());
  const auto gguf = load_tokenizer(written->tokenizer_source());
  for (const std::string text : {"Hello, world!", "naïve 12345\n\n  tabs\t", "日本"}) {
    CHECK(gguf->encode(text, SpecialTokens::Add, ControlTokens::Parse) ==
          folder->encode(text, SpecialTokens::Add, ControlTokens::Parse));
  }
  CHECK(gguf->eos() == folder->eos());
  CHECK(written->tokenizer_source().chat_template == made.source->tokenizer_source().chat_template);
}

TEST_CASE("Q4_1 misses a zero point by less than a hundredth of a step") {
  MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::GgufQ4_1);
  const auto written = open_checkpoint(run_export(made));
  double worst = 0;
  for (const auto& entry : made.blocks->block(1).linears) {
    const Tensor found = written->read(linear_name(1, entry.id.role), DType::F32);
    const Tensor wanted = dequantize(*entry.codes);
    const std::size_t columns = static_cast<std::size_t>(entry.codes->in_features);
    for (std::size_t i = 0; i < entry.codes->codes.size(); ++i) {
      const std::size_t group = i / columns * (columns / 32) + i % columns / 32;
      const double step = f16_to_f32(entry.codes->steps[group]);
      worst = std::max(worst, std::abs(found.as<float>()[i] - wanted.as<float>()[i]) / step);
    }
  }
  CHECK(worst > 0);
  CHECK(worst < 0.0075);
}

TEST_CASE("GGUF F16 holds what the FP16 folder holds") {
  MadeExport folder({.num_kv_heads = 4}, {.bits = 4, .group_size = 32}, ExportFormat::Fp16);
  MadeExport file({.num_kv_heads = 4}, {.bits = 4, .group_size = 32}, ExportFormat::GgufF16);
  export_model(folder.request, folder.target(), {}, [](const std::string&, double) {});
  const auto a = open_checkpoint(folder.target());
  const auto b = open_checkpoint(run_export(file));
  REQUIRE(a->tensors().size() == b->tensors().size());
  for (const TensorInfo& info : a->tensors()) {
    const Tensor wide = b->read(info.name, DType::F32);
    CHECK_MESSAGE(same(a->read(info.name, DType::F32), wide.to(DType::F16).to(DType::F32)),
                  info.name);
  }
}

TEST_CASE("a GGUF source gives back a GGUF with its vocabulary and its 8-bit tables") {
  const TemporaryFolder folder;
  const TinyCheckpoint tiny = make_tiny_checkpoint();
  write_bytes(folder.path() / "tiny.gguf", gguf_bytes(make_tiny_gguf(tiny, GgufWeights::Q8_0)));
  const auto source = open_checkpoint(folder.path() / "tiny.gguf");
  MadeExport made({}, {4, 32, Symmetry::Symmetric}, ExportFormat::GgufQ4_0);
  made.request.source = source.get();
  const auto written = open_checkpoint(run_export(made));
  CHECK(written->find("model.embed_tokens.weight")->stored_type == "Q8_0");
  CHECK(written->tokenizer_source().gguf->tokens == source->tokenizer_source().gguf->tokens);
}

TEST_CASE("what GGUF cannot say is refused before anything is written") {
  MadeExport zeros({}, {.bits = 8, .group_size = 32}, ExportFormat::GgufQ8_0);
  CHECK(why_not(ExportFormat::GgufQ8_0, zeros.source->config(), zeros.request.linears,
                zeros.request.settings) == "layer 0 q: Q8_0 holds symmetric grids only");
  MadeExport narrow({.intermediate_size = 104}, {4, 32, Symmetry::Symmetric},
                    ExportFormat::GgufQ4_0);
  CHECK(why_not(ExportFormat::GgufQ4_0, narrow.source->config(), narrow.request.linears,
                narrow.request.settings) == "GGUF Q4_0 packs inputs by 32, layer 0 down has 104");
  std::ofstream(zeros.folder.path() / "source" / "tokenizer.json")
      << R"({"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
           "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}})";
  CHECK_THROWS_AS(check_source(ExportFormat::GgufQ8_0, *zeros.source), Error);
}
