// SPDX-License-Identifier: Apache-2.0
#include "engine/job/run_record.h"

#include <algorithm>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"
#include "engine/export/consumers.h"
#include "engine/export/folder_files.h"
#include "engine/export/sealed_file.h"
#include "engine/job/plan_identity.h"
#include "engine/job/settings_json.h"
#include "engine/report/model_card.h"
#include "engine/report/numbers.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

/// 2: the energy of every channel beside its magnitude. Records of format 1 lack it and are read.
constexpr std::int64_t kRecordFormat = 2;
constexpr std::uint64_t kRecordBytes = 256 * limits::kMiB;
constexpr const char* kFolder = "salient";
constexpr const char* kRecord = "record.json";
constexpr const char* kCard = "README.md";

std::filesystem::path layer_file(const std::filesystem::path& folder, std::int64_t block) {
  const std::string number = std::to_string(block);
  return folder / kFolder / ("layer" + (block < 10 ? "0" + number : number) + ".safetensors");
}

Json read_record_json(const std::filesystem::path& folder) {
  const FileSource file(folder / kFolder / kRecord);
  return parse_json(read_text(file, kRecordBytes), kRecord);
}

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json optional_evaluation(const std::optional<Evaluation>& evaluation) {
  return evaluation ? to_json_value(*evaluation) : Json(nullptr);
}

Json measurements_json(const RunSummary& summary) {
  return {{"quantize_seconds", summary.quantize_seconds},
          {"peak_rss_bytes", summary.peak_rss_bytes},
          {"rtn_against_fp16", optional_evaluation(summary.rtn_against_fp16)},
          {"awq_against_fp16", optional_evaluation(summary.awq_against_fp16)},
          {"fp16_tokens_per_second", optional_number(summary.fp16_tokens_per_second)},
          {"quantized_tokens_per_second", optional_number(summary.quantized_tokens_per_second)}};
}

void read_measurements(const JsonReader& json, RunSummary& summary) {
  if (!json.has("measured")) return;
  const JsonReader measured = json.object("measured");
  summary.quantize_seconds = measured.number("quantize_seconds");
  summary.peak_rss_bytes = measured.integer("peak_rss_bytes");
  if (measured.has("rtn_against_fp16")) {
    summary.rtn_against_fp16 = read_evaluation(measured.object("rtn_against_fp16"));
  }
  if (measured.has("awq_against_fp16")) {
    summary.awq_against_fp16 = read_evaluation(measured.object("awq_against_fp16"));
  }
  if (measured.has("fp16_tokens_per_second")) {
    summary.fp16_tokens_per_second = measured.number("fp16_tokens_per_second");
  }
  if (measured.has("quantized_tokens_per_second")) {
    summary.quantized_tokens_per_second = measured.number("quantized_tokens_per_second");
  }
}

Json sources_json(const std::vector<SourceFile>& files) {
  Json list = Json::array();
  for (const SourceFile& file : files) {
    list.push_back({{"name", escaped(file.path.filename().string(), limits::kFileNameBytes)},
                    {"size", file.size},
                    {"header_sha256", file.header_sha256}});
  }
  return list;
}

RunSummary read_summary(const JsonReader& json) {
  RunSummary summary;
  summary.model = json.text("model");
  summary.architecture = json.text("architecture");
  summary.source_precision = json.text("source_precision");
  summary.licence = json.text("licence");
  summary.parameters =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, json.integer("parameters")));
  const JsonReader settings = json.object("settings");
  summary.scheme = read_scheme(settings);
  summary.method = read_method(settings, "method");
  summary.clip = read_clip(settings, "clip");
  summary.calibration = json.object("calibration").text("text");
  summary.command = json.text("command");
  summary.fp16_bytes = json.integer("fp16_bytes");
  summary.output_bytes = json.integer("output_bytes");
  summary.notes = json.texts("notes");
  for (const JsonReader& report : json.objects("linears")) {
    summary.linears.push_back(read_report(report));
  }
  read_measurements(json, summary);
  return summary;
}

/// Where nothing of a name can end the command line it is put into.
std::string plain_word(const std::string& text) {
  const std::string shown = escaped(text, 200);
  const bool plain = std::ranges::all_of(shown, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '/';
  });
  if (plain && !shown.empty()) return shown;
  std::string quoted = "'";
  for (const char c : shown) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string rule_flag(const LayerRule& rule) {
  if (rule.keep_fp16) return " --exclude " + plain_word(rule.pattern);
  std::string settings;
  const auto add = [&](const std::string& setting) {
    settings += (settings.empty() ? "" : ",") + setting;
  };
  if (rule.bits) add("bits:" + std::to_string(*rule.bits));
  if (rule.group_size) {
    add("group:" + (*rule.group_size == 0 ? "row" : std::to_string(*rule.group_size)));
  }
  if (rule.alpha) add("alpha:" + Json(*rule.alpha).dump());
  if (rule.method) add("method:" + std::string(key_of(*rule.method)));
  if (rule.clip) add(*rule.clip == ClipMode::Off ? "clip:off" : "clip:on");
  return " --layer " + plain_word(rule.pattern + "=" + settings);
}

std::string command_of(const Plan& plan) {
  const JobOptions& options = plan.options;
  const QuantScheme& scheme = options.scheme;
  std::string text =
      "salient quantize " + plain_word(options.source.filename().string()) + " -o OUT -b " +
      std::to_string(scheme.bits) + " -g " +
      (scheme.group_size == QuantScheme::kWholeRow ? "row" : std::to_string(scheme.group_size));
  if (scheme.symmetry == Symmetry::Symmetric) text += " --sym";
  if (options.method == Method::Rtn) text += " --method rtn";
  if (options.method == Method::Awq && options.clip == ClipMode::Off) text += " --no-clip";
  if (options.loss_site == LossSite::BlockOutput) text += " --loss block";
  if (!options.calibration_text.empty()) text += " --calib " + plain_word(plan.calibration_name);
  text += " --samples " + std::to_string(options.calibration.samples) + " --seq-len " +
          std::to_string(options.calibration.seq_len) + " --seed " +
          std::to_string(options.calibration.seed);
  for (const LayerRule& rule : options.layers) text += rule_flag(rule);
  if (options.format) text += " --format " + std::string(key_of(*options.format));
  return text;
}

/// The blocks of a published run.
class RunFolderBlocks : public BlockSource {
 public:
  RunFolderBlocks(const RunRecord& record, const Checkpoint& weights)
      : record_(record), weights_(weights), shape_(make_decoder_shape(weights)) {}

  std::int64_t num_blocks() const override { return shape_.config.num_layers; }

  QuantizedBlock block(std::int64_t index) const override {
    QuantizedBlock block;
    block.block = index;
    const Block norms = load_norms(weights_, shape_, index);
    block.attention_norm = norms.attention_norm;
    block.attention_norm_bias = norms.attention_norm_bias;
    block.mlp_norm = norms.mlp_norm;
    block.mlp_norm_bias = norms.mlp_norm_bias;
    const BlockStatistics statistics = read_block_statistics(record_, index);
    for (const LinearRow& row : shape_.architecture->linears) {
      block.linears.push_back(entry({index, row.role}, statistics));
    }
    return block;
  }

  std::vector<NamedTensor> record(std::int64_t index) const override {
    std::vector<NamedTensor> tensors;
    for (auto& [name, tensor] : read_tensors(layer_file(record_.folder, index))) {
      tensors.emplace_back(name, tensor);
    }
    return tensors;
  }

 private:
  QuantizedBlock::Entry entry(const LinearId& id, const BlockStatistics& statistics) const {
    const std::string name = shape_.architecture->linear_name(id.block, id.role);
    QuantizedBlock::Entry entry;
    entry.id = id;
    entry.codes = weights_.read_codes(name + ".weight");
    if (!entry.codes) entry.dense = weights_.read(name + ".weight", DType::F32);
    if (has_bias(shape_, id.role)) entry.bias = weights_.read(name + ".bias", DType::F32);
    const auto scales = statistics.channel_scales.find(id.role);
    if (scales != statistics.channel_scales.end()) entry.channel_scales = scales->second;
    const auto clip = statistics.clip.find(id.role);
    if (clip != statistics.clip.end()) entry.clip = clip->second;
    return entry;
  }

  const RunRecord& record_;
  const Checkpoint& weights_;
  DecoderShape shape_;
};

void check_same_source(const RunRecord& record, const Checkpoint& source) {
  if (is_source_of(record, source)) return;
  throw Error(ErrorKind::BadInput, escaped(source.config().name) +
                                       ": is not the model that this run was made from (" +
                                       escaped(record.summary.model) + ")");
}

}  // namespace

bool is_source_of(const RunRecord& record, const Checkpoint& model) {
  return std::ranges::equal(
      record.sources, model.files(), [](const RecordedSource& recorded, const SourceFile& file) {
        return recorded.size == file.size && recorded.header_sha256 == file.header_sha256;
      });
}

const LinearReport* RunRecord::find(const LinearId& id) const {
  const auto found = std::ranges::find(summary.linears, id, &LinearReport::id);
  return found == summary.linears.end() ? nullptr : &*found;
}

bool has_run_record(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(folder / kFolder / kRecord, ignored);
}

RunRecord open_run_record(const std::filesystem::path& folder) {
  remove_litter(folder);
  if (!has_run_record(folder)) {
    throw Error(ErrorKind::BadInput, escaped(folder.string(), 4096) +
                                         ": has no salient/record.json, so it is no run of ours");
  }
  const Json file = read_record_json(folder);
  const JsonReader json(file, kRecord);
  const std::int64_t version = json.integer("format");
  if (version < 1 || version > kRecordFormat) {
    json.refuse("has format " + std::to_string(version) + ", this version knows 1 to " +
                std::to_string(kRecordFormat));
  }
  RunRecord record;
  record.folder = folder;
  record.tool = json.text("tool");
  const auto format = find_export_format(json.text("export"));
  if (!format) json.refuse("export " + in_quotes(json.text("export")) + " is not known");
  record.format = *format;
  record.loss_site = json.object("settings").text("loss_site") == key_of(LossSite::BlockOutput)
                         ? LossSite::BlockOutput
                         : LossSite::LinearOutput;
  const JsonReader calibration = json.object("calibration");
  record.calibration_name = calibration.text("name");
  record.calibration = {calibration.integer("samples"), calibration.integer("seq_len"),
                        static_cast<std::uint64_t>(calibration.integer("seed"))};
  for (const JsonReader& source : json.objects("source")) {
    record.sources.push_back({source.text("name"),
                              static_cast<std::uint64_t>(source.integer("size")),
                              source.text("header_sha256")});
  }
  for (const JsonReader& block : json.objects("blocks")) {
    record.tokens.push_back(block.integers("tokens"));
  }
  record.summary = read_summary(json);
  return record;
}

BlockStatistics read_block_statistics(const RunRecord& record, std::int64_t block) {
  const std::filesystem::path path = layer_file(record.folder, block);
  const std::map<std::string, Tensor> tensors = read_tensors(path);
  const std::string file = path.filename().string();
  BlockStatistics statistics;
  statistics.sites = read_sites(record.tokens.at(static_cast<std::size_t>(block)), tensors, file);
  for (const LinearRole role : kLinearRoles) {
    const LinearReport* report = record.find({block, role});
    if (report == nullptr) continue;
    const std::string name(short_name(role));
    const Shape scales = {report->in_features};
    const Shape clip = {report->out_features,
                        report->settings.scheme.num_groups(report->in_features)};
    const auto get = [&](const std::string& part, DType dtype, const Shape& shape) -> Tensor {
      const auto found = tensors.find(name + part);
      if (found == tensors.end()) return {};
      if (found->second.dtype() != dtype || found->second.shape() != shape) {
        throw Error(ErrorKind::BadInput, file + ": " + found->first + " is " +
                                             to_string(found->second.shape()) + ", " +
                                             to_string(shape) + " expected");
      }
      return found->second;
    };
    if (const Tensor found = get(".channel_scales", DType::F32, scales); !found.empty()) {
      const auto values = found.as<float>();
      statistics.channel_scales[role] = {values.begin(), values.end()};
    }
    if (const Tensor found = get(".clip", DType::F16, clip); !found.empty()) {
      statistics.clip[role] = found.to(DType::F32);
    }
  }
  return statistics;
}

void store_measurements(const std::filesystem::path& folder, const RunSummary& summary) {
  Json record = read_record_json(folder);
  record["measured"] = measurements_json(summary);
  const Folder out(system_files(), folder);
  put_file(out.subfolder(kFolder), kRecord, json_text(record));
  put_file(out, kCard, model_card(summary));
}

void export_run(const std::filesystem::path& run, ExportFormat format,
                const std::filesystem::path& target, ExistingTarget existing,
                const std::filesystem::path& source, const std::stop_token& stop,
                const ExportProgressSink& progress) {
  remove_litter(target);
  const RunRecord record = open_run_record(run);
  const std::unique_ptr<Checkpoint> weights = open_checkpoint(run);
  std::unique_ptr<Checkpoint> original;
  if (needs_source_weights(format)) {
    if (source.empty()) {
      throw Error(ErrorKind::BadInput, std::string(label_of(format)) +
                                           " with folded scales is made from the model itself, " +
                                           in_quotes(record.summary.model) +
                                           "; say where it is with --source");
    }
    original = open_checkpoint(source);
    check_same_source(record, *original);
  }
  const RunFolderBlocks blocks(record, *weights);
  Json text = read_record_json(run);
  text["export"] = key_of(format);
  ExportRequest request;
  request.format = format;
  request.source = original ? original.get() : weights.get();
  request.blocks = &blocks;
  request.scheme = record.summary.scheme;
  request.model_name = record.summary.model;
  request.existing = existing;
  for (const LinearReport& report : record.summary.linears) {
    request.linears.push_back(report.id);
    request.settings.push_back(report.settings);
  }
  RunSummary summary = record.summary;
  std::erase_if(summary.notes,
                [](const std::string& note) { return note.starts_with(kFormatSentence); });
  summary.notes.push_back(
      format_sentence(format, request.source->config(), request.linears, request.settings));
  text["notes"] = summary.notes;
  request.model_card = model_card(summary);
  request.record_json = json_text(text);
  export_model(request, target, stop, progress);
}

RunSummary summary_of(const Plan& plan, const std::vector<LinearReport>& reports) {
  const JobOptions& options = plan.options;
  RunSummary summary;
  summary.model = plan.config.name;
  summary.architecture = plan.architecture;
  summary.source_precision = plan.source_precision;
  summary.parameters = plan.parameters;
  summary.scheme = options.scheme;
  summary.method = options.method;
  summary.clip = options.clip;
  summary.calibration = std::to_string(options.calibration.samples) + " × " +
                        std::to_string(options.calibration.seq_len) + " tokens of " +
                        plan.calibration_name;
  summary.command = command_of(plan);
  summary.fp16_bytes = plan.fp16_bytes;
  summary.output_bytes = plan.output_bytes;
  summary.linears = reports;
  // What concerns only this attempt to run it has no place in the result.
  for (const std::string& note : plan.notes) {
    if (note.find("finished already") == std::string::npos &&
        note.find("is dropped") == std::string::npos) {
      summary.notes.push_back(note);
    }
  }
  summary.notes.push_back(
      format_sentence(options.format.value(), plan.config, plan.linears, plan.settings));
  return summary;
}

std::string record_text(const Plan& plan, const RunSummary& summary,
                        const std::vector<SiteRecords>& sites) {
  const JobOptions& options = plan.options;
  Json settings = to_json_value(options.scheme);
  settings["method"] = key_of(options.method);
  settings["clip"] = key_of(options.clip);
  settings["loss_site"] = key_of(options.loss_site);
  Json blocks = Json::array();
  for (const SiteRecords& block : sites) blocks.push_back({{"tokens", tokens_json(block)}});
  Json linears = Json::array();
  for (const LinearReport& report : summary.linears) linears.push_back(to_json_value(report));
  const Json record = {{"format", kRecordFormat},
                       {"tool", tool_version()},
                       {"export", key_of(options.format.value())},
                       {"model", summary.model},
                       {"architecture", summary.architecture},
                       {"source_precision", summary.source_precision},
                       {"licence", summary.licence},
                       {"parameters", summary.parameters},
                       {"source", sources_json(plan.files)},
                       {"settings", settings},
                       {"calibration",
                        {{"name", plan.calibration_name},
                         {"text", summary.calibration},
                         {"text_sha256", plan.calibration_sha256},
                         {"samples", options.calibration.samples},
                         {"seq_len", options.calibration.seq_len},
                         {"seed", options.calibration.seed}}},
                       {"command", summary.command},
                       {"fp16_bytes", summary.fp16_bytes},
                       {"output_bytes", summary.output_bytes},
                       {"notes", summary.notes},
                       {"blocks", blocks},
                       {"linears", linears},
                       {"measured", nullptr}};
  return json_text(record);
}

}  // namespace salient
