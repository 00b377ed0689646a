// SPDX-License-Identifier: Apache-2.0
// salient synth --config config.json -o DIR: a checkpoint with seeded random weights, so that speed
// at real sizes can be measured without a download. The same numbers as `bench --synth`.

#include "app/cli/command.h"
#include "app/resources.h"
#include "engine/error.h"
#include "engine/export/write_checkpoint.h"
#include "engine/model/synthetic_checkpoint.h"
#include "engine/report/numbers.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path config, out, tokenizer;
  std::uint64_t seed = 0;
  std::int64_t num_layers = 0;
  double shard_gigabytes = 5;
  bool overwrite = false;
};

std::string readme(const ModelConfig& config, std::uint64_t seed) {
  return "# " + config.name + "\n\nRandom weights of seed " + std::to_string(seed) +
         ", made by `salient synth` to measure speed. A few channels of every norm are 12 times as "
         "loud as the others. The model knows nothing.\n";
}

/// The text of a tokenizer whose ids all are rows of the model's embedding; else none, with a note.
std::map<std::string, std::string> tokenizer_files(const Flags& flags, const ModelConfig& config,
                                                   Terminal& terminal) {
  const auto folder = flags.tokenizer.empty() ? toy_checkpoint() : flags.tokenizer;
  std::map<std::string, std::string> files;
  for (const char* name : {"tokenizer.json", "tokenizer.model", "tokenizer_config.json"}) {
    const auto path = folder / name;
    if (std::filesystem::exists(path)) files[name] = read_text_file(path);
  }
  TokenizerSource source;
  source.folder = folder;
  source.vocab_rows = config.vocab_size;
  try {
    static_cast<void>(load_tokenizer(source));
  } catch (const Error& error) {
    if (!flags.tokenizer.empty()) throw;
    terminal.note("written without a tokenizer: " + std::string(error.what()));
    files.clear();
  }
  return files;
}

void run(const Flags& flags, const Context& context, Terminal& terminal) {
  const auto source = make_synthetic_checkpoint(flags.config, flags.seed, flags.num_layers);
  CheckpointCopy copy;
  copy.source = source.get();
  copy.existing = flags.overwrite ? ExistingTarget::Replace : ExistingTarget::Refuse;
  copy.shard_bytes = static_cast<std::uint64_t>(flags.shard_gigabytes * 1e9);
  copy.small_files = tokenizer_files(flags, source->config(), terminal);
  copy.small_files["README.md"] = readme(source->config(), flags.seed);
  write_checkpoint(copy, flags.out, context.stop, [&](const std::string& step, double share) {
    terminal.progress(step + " " + format_percent(share));
  });
  terminal.end_progress();
  const std::uint64_t bytes = float16_bytes(*source);
  if (terminal.json()) {
    terminal.print_json({{"output", flags.out.string()},
                         {"parameters", source->parameter_count()},
                         {"bytes", bytes},
                         {"seed", flags.seed}});
  } else {
    terminal.print("wrote " + printable(flags.out.string()) + ": " +
                   format_parameters(source->parameter_count()) + " random weights, " +
                   format_bytes(static_cast<double>(bytes)));
  }
}

}  // namespace

Command add_synth(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("synth", "Write a checkpoint with random weights");
  app->add_option("--config", flags->config, "a config.json of a supported family")->required();
  app->add_option("-o,--output", flags->out, "the folder to write")->required();
  app->add_option("--seed", flags->seed, "of the weights")->capture_default_str();
  app->add_option("--layers", flags->num_layers, "blocks, 0: as the config says")
      ->capture_default_str()
      ->check(CLI::Range(0, 4096));
  app->add_option("--tokenizer", flags->tokenizer, "a folder whose tokenizer is copied");
  app->add_option("--shard-size", flags->shard_gigabytes, "GB of one file at most")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1000.0));
  app->add_flag("-f,--overwrite", flags->overwrite, "replace DIR once the new one is whole");
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
