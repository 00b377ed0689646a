// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/export/sealed_file.h"
#include "engine/job/run_energy.h"
#include "tests/job/tiny_run.h"

using namespace salient;
using namespace salient::tests;

namespace {

void nothing(const std::string& /*step*/, double /*share*/) {}

}  // namespace

TEST_CASE("a published run opens again with its plan, curves, scales and statistics") {
  TinyRun tiny;
  std::vector<LinearQuantized> told;
  std::vector<std::shared_ptr<const ActivationStats>> stats;
  const Plan plan = tiny.plan();
  REQUIRE(tiny.run([&](const Event& event) {
                if (const auto* linear = std::get_if<LinearQuantized>(&event))
                  told.push_back(*linear);
                if (const auto* measured = std::get_if<StatsMeasured>(&event))
                  stats.push_back(measured->stats);
              })
              .outcome == Outcome::Done);

  CHECK(has_run_record(tiny.target()));
  CHECK_FALSE(has_run_record(tiny.source()));
  const RunRecord record = open_run_record(tiny.target());
  CHECK(record.format == ExportFormat::Awq);
  CHECK(record.summary.model == plan.config.name);
  CHECK(record.summary.scheme == plan.options.scheme);
  CHECK(record.summary.output_bytes == plan.output_bytes);
  CHECK(record.calibration.samples == 4);
  REQUIRE(record.summary.linears.size() == told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const LinearReport& read = record.summary.linears[i];
    const LinearReport& report = told[i].report;
    CHECK(read.id == report.id);
    CHECK(read.settings == report.settings);
    CHECK(read.loss == report.loss);
    CHECK(read.alpha == report.alpha);
    REQUIRE(read.curve.trials.size() == report.curve.trials.size());
    for (std::size_t t = 0; t < read.curve.trials.size(); ++t) {
      CHECK(read.curve.trials[t].loss == report.curve.trials[t].loss);
    }
    CHECK(read.steps.salient_histogram == report.steps.salient_histogram);
    const BlockStatistics block = read_block_statistics(record, report.id.block);
    const auto scales = block.channel_scales.find(report.id.role);
    CHECK((scales == block.channel_scales.end() ? std::vector<float>{} : scales->second) ==
          told[i].channel_scales);
  }
  const BlockStatistics block = read_block_statistics(record, 1);
  for (const Site site : kSites) {
    CHECK(block.sites[index_of(site)].magnitude == (*stats[1])[site].magnitude);
    CHECK(block.sites[index_of(site)].max == (*stats[1])[site].max);
    CHECK(block.sites[index_of(site)].energy == (*stats[1])[site].energy);
    CHECK(block.sites[index_of(site)].energy.size() == block.sites[index_of(site)].max.size());
    CHECK(block.sites[index_of(site)].tokens == (*stats[1])[site].tokens);
  }
  const auto clip = block.clip.find(LinearRole::Down);
  REQUIRE(clip != block.clip.end());
  CHECK(clip->second.shape() == Shape{64, 4});
}

TEST_CASE("measurements are added to the record and the card afterwards") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  RunSummary summary = open_run_record(tiny.target()).summary;
  Evaluation evaluation;
  evaluation.text_name = "evaluation.txt";
  evaluation.window = 512;
  evaluation.windows = 48;
  evaluation.a = {28.72, 0.5, 24528};
  evaluation.b = Perplexity{35.46, 0.6, 24528};
  evaluation.kl_mean = 0.196;
  summary.awq_against_fp16 = evaluation;
  summary.quantize_seconds = 61.5;
  summary.quantized_tokens_per_second = 80.25;
  store_measurements(tiny.target(), summary);
  const RunSummary read = open_run_record(tiny.target()).summary;
  REQUIRE(read.awq_against_fp16);
  CHECK(read.awq_against_fp16->b->value == 35.46);
  CHECK(read.awq_against_fp16->kl_mean == 0.196);
  CHECK_FALSE(read.rtn_against_fp16);
  CHECK(read.quantize_seconds == 61.5);
  CHECK(read.quantized_tokens_per_second == 80.25);
  CHECK(text_of(tiny.target() / "README.md").find("evaluation.txt") != std::string::npos);
}

TEST_CASE("a published run is exported again in every format") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  const auto path = [&](const char* name) { return tiny.folder.path() / name; };
  export_run(tiny.target(), ExportFormat::Run, path("run"), ExistingTarget::Refuse, {}, {},
             nothing);
  const char* name = "model.layers.1.mlp.down_proj.weight";
  const auto first = open_checkpoint(tiny.target())->read_codes(name);
  const auto again = open_checkpoint(path("run"))->read_codes(name);
  REQUIRE(again);
  CHECK(again->codes == first->codes);
  CHECK(open_run_record(path("run")).format == ExportFormat::Run);

  export_run(path("run"), ExportFormat::Awq, path("awq"), ExistingTarget::Refuse, {}, {}, nothing);
  CHECK(text_of(path("awq") / "model.safetensors") == text_of(tiny.target() / "model.safetensors"));
  CHECK(text_of(path("awq") / "README.md").find("Written as AWQ; known to load it: vLLM") !=
        std::string::npos);
  CHECK(text_of(path("run") / "README.md").find("Written as Salient run.") != std::string::npos);
  CHECK(text_of(path("run") / "README.md").find("Written as AWQ") == std::string::npos);

  CHECK_THROWS_AS(export_run(tiny.target(), ExportFormat::Fp16, path("fp16"),
                             ExistingTarget::Refuse, {}, {}, nothing),
                  Error);
  export_run(tiny.target(), ExportFormat::Fp16, path("fp16"), ExistingTarget::Refuse, tiny.source(),
             {}, nothing);
  const auto dense = open_checkpoint(path("fp16"));
  CHECK(dense->already_quantized().empty());

  TinyRun other(make_tiny_checkpoint({.hidden_size = 32, .num_heads = 2, .num_kv_heads = 1}));
  CHECK_THROWS_AS(export_run(tiny.target(), ExportFormat::Fp16, path("other"),
                             ExistingTarget::Refuse, other.source(), {}, nothing),
                  Error);
}

TEST_CASE("a record of format 1, which has no energy, still opens") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  const auto folder = tiny.target() / "salient";
  std::string text = text_of(folder / "record.json");
  text.replace(text.find("\"format\": 2"), 11, "\"format\": 1");
  write_bytes(folder / "record.json", text);
  std::vector<NamedTensor> kept;
  for (auto& [name, tensor] : read_tensors(folder / "layer01.safetensors")) {
    if (!name.ends_with(".energy")) kept.emplace_back(name, tensor);
  }
  std::filesystem::remove(folder / "layer01.safetensors");
  put_tensors(Folder(system_files(), folder), "layer01.safetensors", kept);
  const RunRecord record = open_run_record(tiny.target());
  const BlockStatistics block = read_block_statistics(record, 1);
  CHECK(block.sites[0].magnitude.size() == 64);
  CHECK(block.sites[0].energy.empty());
  CHECK(read_block_statistics(record, 0).sites[0].energy.size() == 64);
  CHECK_FALSE(input_energy(record, {1, LinearRole::Query}, 0.1));
  const auto kept_energy = input_energy(record, {0, LinearRole::Query}, 0.1);
  REQUIRE(kept_energy);
  CHECK(kept_energy->channels == 64);
  CHECK(kept_energy->salient == 6);
  CHECK(loudest_input(record, 0.1)->block == 0);
  CHECK(loudest_input(record, 1.0)->carried == doctest::Approx(1));
}

TEST_CASE("a record that was tampered with is refused") {
  TinyRun tiny;
  REQUIRE(tiny.run().outcome == Outcome::Done);
  const auto path = tiny.target() / "salient" / "record.json";
  const std::string whole = text_of(path);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"\"format\": 2", "\"format\": 7"},
        {"\"bits\": 4", "\"bits\": 40"},
        {"\"role\": \"q\"", "\"role\": \"x\""},
        {"\"best\": ", "\"best\": 9"},
        {"{", "[[[["}}) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    write_bytes(path, text);
    CHECK_THROWS_AS(open_run_record(tiny.target()), Error);
  }
}

TEST_CASE("a GGUF becomes a folder whose tokenizer gives the same ids") {
  TinyRun tiny;
  const auto gguf = tiny.folder.path() / "model.gguf";
  write_bytes(gguf, gguf_bytes(make_tiny_gguf(make_tiny_checkpoint(), GgufWeights::Q8_0)));
  tiny.options.source = gguf;
  for (const ExportFormat format : {ExportFormat::Awq, ExportFormat::Run}) {
    tiny.options.format = format;
    tiny.options.target = tiny.folder.path() / std::string(key_of(format));
    const auto source = open_checkpoint(gguf);
    const Plan plan = make_plan(*tiny.backend, *source, tiny.options);
    RunControl control;
    const RunFinished end = run_job(*tiny.backend, plan, control, [](const Event& /*event*/) {});
    INFO(end.sentence);
    REQUIRE(end.outcome == Outcome::Done);
    const auto written = open_checkpoint(tiny.options.target);
    const std::string text = "Nine old mills, 1234 wheels.\n  <|im_end|>";
    const auto ids = [&](const Checkpoint& checkpoint) {
      return load_tokenizer(checkpoint.tokenizer_source())
          ->encode(text, SpecialTokens::Add, ControlTokens::Parse);
    };
    CHECK(ids(*written) == ids(*source));
    CHECK(written->tokenizer_source().chat_template == source->tokenizer_source().chat_template);
    // The run format keeps an 8-bit table as the codes it is stored as.
    const auto table = written->read_codes("model.embed_tokens.weight");
    CHECK(table.has_value() == (format == ExportFormat::Run &&
                                source->read_codes("model.embed_tokens.weight").has_value()));
  }
}
