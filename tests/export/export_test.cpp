// SPDX-License-Identifier: Apache-2.0
#include "engine/export/export.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "kernels/half.h"
#include "tests/export/made_blocks.h"

using namespace salient;
using namespace salient::tests;

namespace {

void nothing(const std::string& /*step*/, double /*share*/) {}

void run_export(const MadeExport& made) {
  export_model(made.request, made.target(), {}, nothing);
}

nlohmann::json json_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file.good());
  return nlohmann::json::parse(file);
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::equal(a.data(), a.data() + a.bytes(), b.data());
}

/// Powers of two fold exactly but for what falls below float16's normal range.
constexpr float kHalfDenormal = 0x1p-22F;

float largest_difference(const Tensor& a, const Tensor& b) {
  float largest = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.size()); ++i) {
    largest = std::max(largest, std::abs(a.as<float>()[i] - b.as<float>()[i]));
  }
  return largest;
}

std::string error_of(const MadeExport& made) {
  try {
    run_export(made);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an AWQ export is a folder that our reader opens with the same codes") {
  const MadeExport made({.attention_bias = true}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  run_export(made);
  const auto written = open_checkpoint(made.target());
  CHECK(written->already_quantized() == "AWQ, 4 bit");
  for (std::int64_t index = 0; index < 2; ++index) {
    const QuantizedBlock block = made.blocks->block(index);
    for (const auto& entry : block.linears) {
      const std::string name = find_architecture("llama")->linear_name(index, entry.id.role);
      const auto codes = written->read_codes(name + ".weight");
      REQUIRE(codes);
      CHECK(codes->codes == entry.codes->codes);
      CHECK(codes->steps == entry.codes->steps);
      CHECK(codes->zero_points == entry.codes->zero_points);
      CHECK(same(written->read(name + ".weight", DType::F32), dequantize(*entry.codes)));
    }
  }
  CHECK_NOTHROW(make_decoder_shape(*written));
  CHECK(names_in(made.folder.path()) == std::set<std::string>{"source", "out"});
}

TEST_CASE("an AWQ export says in its config what loaders ask for") {
  const MadeExport made({}, {.bits = 4, .group_size = 64}, ExportFormat::Awq);
  run_export(made);
  const auto config = json_file(made.target() / "config.json");
  CHECK(config["torch_dtype"] == "float16");
  const auto& quantization = config["quantization_config"];
  CHECK(quantization["quant_method"] == "awq");
  CHECK(quantization["bits"] == 4);
  CHECK(quantization["group_size"] == 64);
  CHECK(quantization["zero_point"] == true);
  CHECK(quantization["version"] == "gemm");
  CHECK(quantization["modules_to_not_convert"] == nlohmann::json{"lm_head"});
  const auto courtesy = json_file(made.target() / "quant_config.json");
  CHECK(courtesy["q_group_size"] == 64);
  CHECK(courtesy["w_bit"] == 4);
  CHECK(names_in(made.target()) ==
        std::set<std::string>{"README.md", "config.json", "generation_config.json",
                              "model.safetensors", "quant_config.json", "salient", "tokenizer.json",
                              "tokenizer_config.json"});
  CHECK(names_in(made.target() / "salient") ==
        std::set<std::string>{"layer00.safetensors", "layer01.safetensors", "record.json"});
}

TEST_CASE("a symmetric grid goes into AWQ as zero points of 8") {
  const QuantScheme scheme{.bits = 4, .group_size = 32, .symmetry = Symmetry::Symmetric};
  const MadeExport made({}, scheme, ExportFormat::Awq);
  run_export(made);
  const auto codes =
      open_checkpoint(made.target())->read_codes("model.layers.1.mlp.up_proj.weight");
  REQUIRE(codes);
  CHECK(std::ranges::all_of(codes->zero_points, [](std::uint8_t zero) { return zero == 8; }));
}

TEST_CASE("linears kept in FP16 are named by the AWQ config and stored as they are") {
  MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  made.settings[{1, LinearRole::Down}].keep_fp16 = true;
  made.refresh();
  run_export(made);
  const auto config = json_file(made.target() / "config.json");
  CHECK(config["quantization_config"]["modules_to_not_convert"] ==
        nlohmann::json{"lm_head", "model.layers.1.mlp.down_proj"});
  const auto written = open_checkpoint(made.target());
  CHECK_FALSE(written->read_codes("model.layers.1.mlp.down_proj.weight"));
  const QuantizedBlock block = made.blocks->block(1);
  CHECK(same(written->read("model.layers.1.mlp.down_proj.weight", DType::F16),
             block.linears.back().dense.to(DType::F16)));
}

TEST_CASE("a run export holds mixed bits and ragged groups") {
  MadeExport made({.hidden_size = 40, .intermediate_size = 100, .num_heads = 4, .head_dim = 10},
                  {.bits = 3, .group_size = 32}, ExportFormat::Run);
  made.settings[{0, LinearRole::Value}].scheme = {.bits = 8, .group_size = QuantScheme::kWholeRow};
  made.settings[{1, LinearRole::Gate}].scheme = {.bits = 2, .group_size = 64};
  made.settings[{0, LinearRole::Up}].keep_fp16 = true;
  made.refresh();
  run_export(made);
  const auto written = open_checkpoint(made.target());
  CHECK(written->already_quantized() == "salient, 3 bit");
  for (const LinearId id : {LinearId{0, LinearRole::Value}, LinearId{1, LinearRole::Gate},
                            LinearId{1, LinearRole::Down}}) {
    const std::string name = find_architecture("llama")->linear_name(id.block, id.role);
    const auto codes = written->read_codes(name + ".weight");
    REQUIRE(codes);
    CHECK(codes->scheme == made.settings[id].scheme);
    const QuantizedBlock block = made.blocks->block(id.block);
    CHECK(codes->codes == block.linears[index_of(id.role)].codes->codes);
  }
}

TEST_CASE("a FP16 export computes what the source computes, with the scales folded in") {
  const MadeExport made({.num_heads = 4, .num_kv_heads = 2}, {.bits = 4, .group_size = 32},
                        ExportFormat::Fp16);
  run_export(made);
  const auto written = open_checkpoint(made.target());
  CHECK(written->already_quantized().empty());
  const auto product = [](const Checkpoint& model, const char* norm, const char* weight) {
    const Tensor scale = model.read(norm, DType::F32);
    Tensor values = model.read(weight, DType::F32).clone();
    const auto width = static_cast<std::size_t>(scale.size());
    for (std::size_t i = 0; i < static_cast<std::size_t>(values.size()); ++i) {
      values.as<float>()[i] *= scale.as<float>()[i % width];
    }
    return values;
  };
  const char* norm = "model.layers.0.input_layernorm.weight";
  const char* query = "model.layers.0.self_attn.q_proj.weight";
  CHECK(largest_difference(product(*written, norm, query), product(*made.source, norm, query)) <
        kHalfDenormal);
  CHECK_FALSE(same(written->read(query, DType::F32), made.source->read(query, DType::F32)));

  // v's rows and o's columns: W_o·diag(s)·diag(1/s)·W_v, element by element of the fold.
  const char* value = "model.layers.1.self_attn.v_proj.weight";
  const char* output = "model.layers.1.self_attn.o_proj.weight";
  const std::vector<float> scales = made.blocks->scales(1, Site::AttentionOutput);
  const std::vector<float> columns = made.blocks->scales(1, Site::AttentionInput);
  const Tensor before = made.source->read(output, DType::F32);
  const Tensor after = written->read(output, DType::F32);
  const auto width = static_cast<std::size_t>(before.dim(1));
  for (std::size_t i = 0; i < static_cast<std::size_t>(before.size()); ++i) {
    REQUIRE(std::abs(after.as<float>()[i] - before.as<float>()[i] * scales[i % width]) <
            kHalfDenormal);
  }
  const Tensor v_before = made.source->read(value, DType::F32);
  const Tensor v_after = written->read(value, DType::F32);
  const auto v_width = static_cast<std::size_t>(v_before.dim(1));
  for (std::size_t i = 0; i < static_cast<std::size_t>(v_before.size()); ++i) {
    const std::size_t kv_row = i / v_width;
    // Rows of one KV head serve two query heads of 16 channels each.
    const std::size_t head = kv_row / 16 * 2;
    const float producer = scales[head * 16 + kv_row % 16];
    const float expected = v_before.as<float>()[i] * columns[i % v_width] / producer;
    REQUIRE(std::abs(v_after.as<float>()[i] - expected) < kHalfDenormal);
  }
}

TEST_CASE("what AWQ gemm cannot say is refused before anything is written") {
  MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  made.settings[{0, LinearRole::Key}].scheme.bits = 8;
  made.refresh();
  CHECK(error_of(made) == "AWQ holds 4 bits, layer 0 k has 8; choose --format run");
  CHECK(names_in(made.folder.path()) == std::set<std::string>{"source"});

  MadeExport ragged({.intermediate_size = 104}, {.bits = 4, .group_size = 64}, ExportFormat::Awq);
  CHECK(error_of(ragged).starts_with("group 64 does not divide the 104 inputs of layer 0 down"));
  MadeExport rows({.intermediate_size = 60}, {.bits = 4, .group_size = 0}, ExportFormat::Awq);
  CHECK(error_of(rows).starts_with("AWQ packs outputs by 8, layer 0 gate has 60"));
  MadeExport mixed({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  mixed.settings[{1, LinearRole::Up}].scheme.group_size = 64;
  mixed.refresh();
  CHECK(
      error_of(mixed).starts_with("AWQ has one scheme for all linears, layer 1 up has 4-bit g64"));
}

TEST_CASE("the same blocks give the same bytes") {
  const MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  export_model(made.request, made.folder.path() / "a", {}, nothing);
  export_model(made.request, made.folder.path() / "b", {}, nothing);
  for (const std::string& name : names_in(made.folder.path() / "a")) {
    if (name == "salient") continue;
    std::ifstream a(made.folder.path() / "a" / name, std::ios::binary);
    std::ifstream b(made.folder.path() / "b" / name, std::ios::binary);
    const std::string left((std::istreambuf_iterator<char>(a)), {});
    const std::string right((std::istreambuf_iterator<char>(b)), {});
    CHECK_MESSAGE(left == right, name);
  }
}

TEST_CASE("export_bytes is what the weights take on disk") {
  for (const ExportFormat format : {ExportFormat::Awq, ExportFormat::Fp16, ExportFormat::Run}) {
    const MadeExport made({}, {.bits = 4, .group_size = 32}, format);
    run_export(made);
    const std::uint64_t promised =
        export_bytes(format, *made.source, made.request.linears, made.request.settings);
    const std::uint64_t file = std::filesystem::file_size(made.target() / "model.safetensors");
    CHECK(file >= promised);
    CHECK(file < promised + 16384);
  }
}

TEST_CASE("a cancelled export leaves nothing behind") {
  const MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Awq);
  for (const std::string stage : {"writing", "verifying"}) {
    std::stop_source stop;
    const auto cancel_there = [&](const std::string& step, double /*share*/) {
      if (step == stage) stop.request_stop();
    };
    CHECK_THROWS_AS(export_model(made.request, made.target(), stop.get_token(), cancel_there),
                    Error);
    CHECK(names_in(made.folder.path()) == std::set<std::string>{"source"});
  }
}
