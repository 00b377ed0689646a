// SPDX-License-Identifier: Apache-2.0
// salient logits PATH --ids 1,2,3 -o FILE: a float32 npy file [tokens, vocab]. Needs no tokenizer.

#include <cstring>

#include "app/cli/command.h"
#include "app/cli/result_file.h"
#include "engine/runtime/loaded_model.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path path;
  std::vector<std::int32_t> ids;
  std::filesystem::path out;
};

/// NumPy's format 1.0: magic, header padded to 64 bytes, little-endian rows.
std::string npy_header(std::int64_t rows, std::int64_t columns) {
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                           std::to_string(rows) + ", " + std::to_string(columns) + "), }";
  while ((10 + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFFU);
  header += static_cast<char>(dictionary.size() >> 8U);
  return header + dictionary;
}

void write_npy(const std::filesystem::path& path, const Tensor& logits) {
  std::string bytes = npy_header(logits.dim(0), logits.dim(1));
  const std::size_t header = bytes.size();
  bytes.resize(header + logits.bytes());
  std::memcpy(bytes.data() + header, logits.data(), logits.bytes());
  write_result_file(path, bytes, ExistingFile::Replace);
}

/// A dense checkpoint in float32, the precision of the goldens; packed codes where it is quantized.
Decoder load(Backend& backend, const Checkpoint& checkpoint) {
  if (checkpoint.already_quantized().empty()) return load_decoder(backend, checkpoint, DType::F32);
  return load_model(backend, checkpoint)->decoder;
}

}  // namespace

Command add_logits(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("logits", "Write the logits of given token ids as npy");
  app->add_option("PATH", flags->path, "a model")->required();
  app->add_option("--ids", flags->ids, "token ids, separated by commas")
      ->required()
      ->delimiter(',');
  app->add_option("-o,--output", flags->out, "the npy file to write")->required();
  return {app, [flags](const Context& context, Terminal& terminal) {
            const auto backend = make_backend(context.globals.device);
            const auto checkpoint = open_checkpoint(flags->path);
            const Decoder decoder = load(*backend, *checkpoint);
            Sequence sequence = make_sequence(*backend, decoder.shape,
                                              static_cast<std::int64_t>(flags->ids.size()));
            const Tensor logits = backend->download(
                forward(*backend, decoder, sequence, flags->ids, LogitsOf::EveryToken));
            write_npy(flags->out, logits);
            if (terminal.json()) {
              terminal.print_json({{"file", flags->out.string()}, {"shape", logits.shape()}});
            } else {
              terminal.print(flags->out.string() + " " + to_string(logits.shape()));
            }
          }};
}

}  // namespace salient::app
