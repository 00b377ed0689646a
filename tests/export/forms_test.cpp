// SPDX-License-Identifier: Apache-2.0
// What the other formats of codes say in their files, beside what export_unpack_test.py computes
// from them.
#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/export/format_row.h"
#include "tests/export/made_blocks.h"

using namespace salient;
using namespace salient::tests;
using nlohmann::json;

namespace {

constexpr QuantScheme kSymmetric4{4, 32, Symmetry::Symmetric};

void run_export(const MadeExport& made) {
  export_model(made.request, made.target(), {}, [](const std::string&, double) {});
}

json json_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file.good());
  return json::parse(file);
}

json quantization_of(const MadeExport& made) {
  run_export(made);
  return json_file(made.target() / "config.json")["quantization_config"];
}

std::string objection(const MadeExport& made) {
  return why_not(made.request.format, made.source->config(), made.request.linears,
                 made.request.settings);
}

}  // namespace

TEST_CASE("every export format has one row, found by its key") {
  for (const FormatRow& row : format_rows()) {
    CHECK(find_export_format(row.key) == row.format);
    CHECK(key_of(row.format) == row.key);
    CHECK((row.codes != nullptr) == (row.content == Content::Codes));
  }
  CHECK_FALSE(find_export_format("gptq-v3"));
  CHECK(export_format_keys().ends_with(" or run"));
}

TEST_CASE("GPTQ v1 stores 7 for a symmetric zero point of 8, v2 stores 8") {
  const MadeExport v1({}, kSymmetric4, ExportFormat::Gptq);
  const MadeExport v2({}, kSymmetric4, ExportFormat::GptqV2);
  const QuantizedMatrix codes = *v1.blocks->block(0).linears.front().codes;
  const auto words_of = [&](ExportFormat format) {
    const auto tensors = row_of(format).codes->pack("q", codes);
    REQUIRE(tensors[1].first == "q.qzeros");
    const auto words = tensors[1].second.as<std::int32_t>();
    return std::vector<std::int32_t>(words.begin(), words.end());
  };
  CHECK(std::ranges::all_of(words_of(ExportFormat::Gptq),
                            [](std::int32_t word) { return word == 0x77777777; }));
  CHECK(std::ranges::all_of(words_of(ExportFormat::GptqV2), [](std::int32_t word) {
    return word == static_cast<std::int32_t>(0x88888888);
  }));
}

TEST_CASE("3-bit codes of GPTQ run across the borders of words") {
  QuantizedMatrix matrix;
  matrix.scheme = {3, 32, Symmetry::Symmetric};
  matrix.out_features = 32;
  matrix.in_features = 32;
  matrix.codes.assign(32 * 32, 0);
  matrix.steps.assign(32, 0x3C00);
  matrix.zero_points.assign(32, 4);
  matrix.codes[10] = 7;
  matrix.codes[21] = 7;
  const auto tensors = kGptqForm.pack("q", matrix);
  const auto words = tensors[0].second.as<std::int32_t>();
  CHECK(static_cast<std::uint32_t>(words[0]) == 0xC0000000U);
  CHECK(static_cast<std::uint32_t>(words[32]) == 0x80000001U);
  CHECK(static_cast<std::uint32_t>(words[64]) == 0x00000003U);
}

TEST_CASE("a GPTQ export says in its config what loaders ask for") {
  const MadeExport made({}, {8, QuantScheme::kWholeRow, Symmetry::Symmetric}, ExportFormat::Gptq);
  const json config = quantization_of(made);
  CHECK(config["quant_method"] == "gptq");
  CHECK(config["bits"] == 8);
  CHECK(config["group_size"] == -1);
  CHECK(config["sym"] == true);
  CHECK(config["desc_act"] == false);
  CHECK(config["checkpoint_format"] == "gptq");
  CHECK_FALSE(config.contains("dynamic"));
  CHECK(json_file(made.target() / "quantize_config.json") == config);
}

TEST_CASE("GPTQ names linears with other settings together with the fused name") {
  MadeExport made({}, kSymmetric4, ExportFormat::Gptq);
  for (const LinearRole role : {LinearRole::Query, LinearRole::Key, LinearRole::Value}) {
    made.settings[{0, role}].scheme.bits = 8;
  }
  made.settings[{1, LinearRole::Up}].scheme.group_size = 64;
  made.settings[{1, LinearRole::Down}].keep_fp16 = true;
  made.refresh();
  const json rules = quantization_of(made)["dynamic"];
  CHECK(rules.size() == 3);
  CHECK(rules["+:^(?:model\\.layers\\.0\\.self_attn\\.q_proj|"
              "model\\.layers\\.0\\.self_attn\\.k_proj|"
              "model\\.layers\\.0\\.self_attn\\.v_proj|"
              "model\\.layers\\.0\\.self_attn\\.qkv_proj)$"] ==
        json{{"bits", 8}, {"group_size", 32}, {"sym", true}});
  CHECK(rules["+:^model\\.layers\\.1\\.mlp\\.up_proj$"]["group_size"] == 64);
  CHECK(rules["-:^model\\.layers\\.1\\.mlp\\.down_proj$"] == json::object());
}

TEST_CASE("compressed-tensors has one group for every scheme and lists what it ignores") {
  MadeExport made({}, kSymmetric4, ExportFormat::CompressedTensors);
  CHECK(quantization_of(made)["config_groups"]["group_0"]["targets"] == json{"Linear"});
  made.settings[{1, LinearRole::Output}].scheme = {8, QuantScheme::kWholeRow, Symmetry::Asymmetric};
  made.settings[{0, LinearRole::Down}].keep_fp16 = true;
  made.refresh();
  made.request.existing = ExistingTarget::Replace;
  const json config = quantization_of(made);
  CHECK(config["format"] == "pack-quantized");
  CHECK(config["ignore"] == json{"lm_head", "model.layers.0.mlp.down_proj"});
  CHECK(config["config_groups"]["group_0"]["targets"].size() == 12);
  const json other = config["config_groups"]["group_1"];
  CHECK(other["targets"] == json{"model.layers.1.self_attn.o_proj"});
  CHECK(other["weights"]["strategy"] == "channel");
  CHECK(other["weights"]["group_size"].is_null());
  CHECK(other["weights"]["symmetric"] == false);
}

TEST_CASE("what a form cannot say is told by the row of its table") {
  const MadeExport zeros({}, {.bits = 4, .group_size = 32}, ExportFormat::Gptq);
  CHECK(objection(zeros) ==
        "GPTQ v1 holds symmetric grids, layer 0 q has 4-bit g32 with zero points");
  const MadeExport three({}, {3, 32, Symmetry::Symmetric}, ExportFormat::CompressedTensors);
  CHECK(objection(three) == "compressed-tensors holds 4 or 8 bits, layer 0 q has 3");
  const MadeExport narrow({.intermediate_size = 104}, {4, QuantScheme::kWholeRow},
                          ExportFormat::GptqV2);
  CHECK(objection(narrow) == "GPTQ v2 packs outputs by 32, layer 0 gate has 104");
  const MadeExport dense({}, {.bits = 2, .group_size = 32}, ExportFormat::FakeBf16);
  CHECK(objection(dense).empty());
}

TEST_CASE("a large export is cut into shards with an index") {
  MadeExport made({}, {.bits = 4, .group_size = 32}, ExportFormat::Bf16);
  made.request.shard_bytes = 100'000;
  run_export(made);
  const json index = json_file(made.target() / "model.safetensors.index.json");
  std::uint64_t total = 0;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    const auto size = std::filesystem::file_size(made.target() / shard.get<std::string>());
    CHECK(size < 110'000);
  }
  const auto written = open_checkpoint(made.target());
  for (const TensorInfo& info : written->tensors()) total += info.bytes;
  CHECK(index["metadata"]["total_size"] == total);
  CHECK(written->precision() == "BF16");
  CHECK(json_file(made.target() / "config.json")["torch_dtype"] == "bfloat16");
}

TEST_CASE("a fake quantized export holds what the codes stand for") {
  const MadeExport made({}, {.bits = 3, .group_size = 32}, ExportFormat::FakeFp16);
  run_export(made);
  const auto written = open_checkpoint(made.target());
  CHECK(written->already_quantized().empty());
  const QuantizedMatrix codes = *made.blocks->block(1).linears.back().codes;
  const Tensor wanted = dequantize(codes).to(DType::F16);
  const Tensor found = written->read("model.layers.1.mlp.down_proj.weight", DType::F16);
  CHECK(std::equal(wanted.data(), wanted.data() + wanted.bytes(), found.data()));
}
