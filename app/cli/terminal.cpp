// SPDX-License-Identifier: Apache-2.0
#include "app/cli/terminal.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace salient::app {
namespace {

constexpr std::size_t kMaxShown = 4096;

void write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

Terminal::Terminal(Output output)
    : output_(output),
      stderr_is_terminal_(isatty(STDERR_FILENO) == 1),
      colour_(isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

Terminal::~Terminal() {
  end_progress();
}

void Terminal::print(std::string_view line) {
  end_progress();
  write(stdout, std::string(line) + "\n");
}

void Terminal::print_json(const nlohmann::ordered_json& value) {
  end_progress();
  write(stdout, value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Terminal::stream(std::string_view text) {
  write(stdout, text);
}

void Terminal::progress(const std::string& line) {
  const auto now = std::chrono::steady_clock::now();
  if (stderr_is_terminal_) {
    write(stderr, "\r\x1b[2K" + line);
    line_open_ = true;
    return;
  }
  if (now - last_line_ < std::chrono::seconds(10)) return;
  last_line_ = now;
  write(stderr, line + "\n");
}

void Terminal::end_progress() {
  if (line_open_) write(stderr, "\n");
  line_open_ = false;
}

void Terminal::warn(const std::string& sentence) {
  note("warning: " + sentence);
}

void Terminal::note(const std::string& sentence) {
  end_progress();
  write(stderr, printable(sentence).append("\n"));
}

std::string Terminal::bold(std::string_view text) const {
  return colour_ ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text);
}

std::string Terminal::accent(std::string_view text) const {
  return colour_ ? "\x1b[34m" + std::string(text) + "\x1b[0m" : std::string(text);
}

std::string printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string safe;
  for (const char c : text.substr(0, kMaxShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      safe += c;
    } else {
      safe += "\\x";
      safe += kDigits[byte >> 4U];
      safe += kDigits[byte & 15U];
    }
  }
  return safe;
}

}  // namespace salient::app
