// SPDX-License-Identifier: Apache-2.0
// salient info PATH: what a model is, and whether it can be quantized, from headers alone.

#include "app/cli/command.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "engine/model/decoder.h"
#include "engine/report/numbers.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path path;
  bool tensors = false;
};

struct Verdict {
  bool supported = true;
  std::string reason;
};

Verdict verdict_of(const Checkpoint& checkpoint) {
  try {
    make_decoder_shape(checkpoint);
    return {};
  } catch (const Error& error) {
    return {false, error.what()};
  }
}

std::uint64_t file_bytes(const Checkpoint& checkpoint) {
  std::uint64_t bytes = 0;
  for (const SourceFile& file : checkpoint.files()) bytes += file.size;
  return bytes;
}

nlohmann::ordered_json as_json(const Checkpoint& checkpoint, const Verdict& verdict,
                               const Flags& flags) {
  const ModelConfig& config = checkpoint.config();
  nlohmann::ordered_json json = {
      {"name", config.name},
      {"model_type", config.model_type},
      {"supported", verdict.supported},
      {"reason", verdict.reason},
      {"parameters", checkpoint.parameter_count()},
      {"bytes", file_bytes(checkpoint)},
      {"precision", checkpoint.precision()},
      {"already_quantized", checkpoint.already_quantized()},
      {"num_layers", config.num_layers},
      {"hidden_size", config.hidden_size},
      {"intermediate_size", config.intermediate_size},
      {"num_heads", config.num_heads},
      {"num_kv_heads", config.num_kv_heads},
      {"head_dim", config.head_dim},
      {"vocab_size", config.vocab_size},
      {"tied_head", config.tied_head},
      {"tokenizer", has_tokenizer(checkpoint.tokenizer_source())},
      {"chat_template", !checkpoint.tokenizer_source().chat_template.empty()},
      {"warnings", checkpoint.warnings()}};
  if (!flags.tensors) return json;
  json["tensors"] = nlohmann::ordered_json::array();
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"type", tensor.stored_type},
                               {"shape", tensor.shape},
                               {"bytes", tensor.bytes}});
  }
  return json;
}

void print_text(const Checkpoint& checkpoint, const Verdict& verdict, const Flags& flags,
                Terminal& terminal) {
  const ModelConfig& config = checkpoint.config();
  const TokenizerSource& text = checkpoint.tokenizer_source();
  terminal.print(terminal.bold(printable(config.name)));
  terminal.print(verdict.supported ? "supported" : "not supported: " + printable(verdict.reason));
  terminal.print(config.model_type + " architecture, " +
                 format_parameters(checkpoint.parameter_count()) + " parameters, " +
                 std::to_string(config.num_layers) + " blocks of " +
                 std::to_string(config.hidden_size) + ", " + std::to_string(config.num_heads) +
                 " heads, " + std::to_string(config.num_kv_heads) + " KV heads");
  terminal.print(checkpoint.precision() + ", " +
                 format_bytes(static_cast<double>(file_bytes(checkpoint))) + ", " +
                 (has_tokenizer(text) ? "tokenizer" : "no tokenizer") + ", " +
                 (text.chat_template.empty() ? "no chat template" : "chat template"));
  if (!checkpoint.already_quantized().empty()) {
    terminal.print("already quantized: " + checkpoint.already_quantized());
  }
  for (const std::string& warning : checkpoint.warnings()) terminal.warn(warning);
  if (!flags.tensors) return;
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    terminal.print(tensor.stored_type + "  " + to_string(tensor.shape) + "  " +
                   printable(tensor.name));
  }
}

}  // namespace

Command add_info(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("info", "What a model is and whether it is supported");
  app->add_option("PATH", flags->path, "a Hugging Face folder or a GGUF file")->required();
  app->add_flag("--tensors", flags->tensors, "list every tensor");
  return {app, [flags](const Context&, Terminal& terminal) {
            const auto checkpoint = open_checkpoint(flags->path);
            const Verdict verdict = verdict_of(*checkpoint);
            if (terminal.json()) {
              terminal.print_json(as_json(*checkpoint, verdict, *flags));
            } else {
              print_text(*checkpoint, verdict, *flags, terminal);
            }
          }};
}

}  // namespace salient::app
