// SPDX-License-Identifier: Apache-2.0
// salient tokenize PATH [--decode]: text on stdin, ids on stdout; or ids on stdin, text on stdout.

#include <charconv>
#include <iostream>

#include "app/cli/command.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path path;
  bool decode = false;
  bool special = false;
};

/// All of stdin; what has no end is refused before it fills the memory.
std::string read_input() {
  constexpr std::size_t kMostBytes = std::size_t{128} << 20U;
  constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
  std::string input;
  while (std::cin) {
    const std::size_t begin = input.size();
    input.resize(begin + kPieceBytes);
    std::cin.read(input.data() + begin, kPieceBytes);
    input.resize(begin + static_cast<std::size_t>(std::cin.gcount()));
    if (input.size() > kMostBytes) {
      throw Error(ErrorKind::BadInput, "the text on stdin is too long: more than " +
                                           std::to_string(kMostBytes >> 20U) +
                                           " MiB, cut it into pieces");
    }
  }
  return input;
}

std::vector<TokenId> parse_ids(const std::string& text) {
  std::vector<TokenId> ids;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    if (*at == ' ' || *at == '\n' || *at == '\t' || *at == ',' || *at == '\r') {
      ++at;
      continue;
    }
    TokenId id = 0;
    const auto [next, failed] = std::from_chars(at, end, id);
    if (failed != std::errc{}) {
      throw Error(ErrorKind::BadInput, "byte " + std::to_string(at - text.data()) +
                                           " of the input is not part of a token id");
    }
    ids.push_back(id);
    at = next;
  }
  return ids;
}

void check_ids(const std::vector<TokenId>& ids, const Tokenizer& tokenizer) {
  for (const TokenId id : ids) {
    if (id >= 0 && id < tokenizer.vocab_size()) continue;
    throw Error(ErrorKind::BadInput, "token " + std::to_string(id) +
                                         " is outside the vocabulary of " +
                                         std::to_string(tokenizer.vocab_size()));
  }
}

void print_ids(const std::vector<TokenId>& ids, Terminal& terminal) {
  if (terminal.json()) return terminal.print_json(nlohmann::ordered_json(ids));
  std::string line;
  for (const TokenId id : ids) line += (line.empty() ? "" : " ") + std::to_string(id);
  terminal.print(line);
}

void run(const Flags& flags, Terminal& terminal) {
  const auto checkpoint = open_checkpoint(flags.path);
  const auto tokenizer = load_tokenizer(checkpoint->tokenizer_source());
  for (const std::string& warning : tokenizer->warnings()) terminal.warn(warning);
  const std::string input = read_input();
  if (!flags.decode) {
    return print_ids(
        tokenizer->encode(input, flags.special ? SpecialTokens::Add : SpecialTokens::Omit,
                          flags.special ? ControlTokens::Parse : ControlTokens::PlainText),
        terminal);
  }
  const auto ids = parse_ids(input);
  check_ids(ids, *tokenizer);
  const std::string text = tokenizer->decode(ids);
  if (terminal.json()) return terminal.print_json({{"text", text}});
  terminal.stream(text);
}

}  // namespace

Command add_tokenize(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("tokenize", "Text on stdin to token ids on stdout");
  app->add_option("PATH", flags->path, "a model with a tokenizer")->required();
  app->add_flag("--decode", flags->decode, "ids on stdin to text on stdout");
  app->add_flag("--special", flags->special, "add BOS/EOS and read control tokens in the text");
  return {app, [flags](const Context&, Terminal& terminal) { run(*flags, terminal); }};
}

}  // namespace salient::app
