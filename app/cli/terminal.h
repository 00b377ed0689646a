// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the command line says and where: results on stdout, progress and sentences on stderr, one
// line rewritten in place on a terminal and plain lines elsewhere. Colour only on a terminal
// without NO_COLOR.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace salient::app {

enum class Output { Text, Json };

class Terminal {
 public:
  explicit Terminal(Output output);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Output output() const { return output_; }
  bool json() const { return output_ == Output::Json; }

  /// A line of the result, on stdout.
  void print(std::string_view line);
  /// The whole result as JSON, on stdout.
  void print_json(const nlohmann::ordered_json& value);
  /// Part of a line, at once (chat).
  void stream(std::string_view text);

  /// The progress line, on stderr; on a terminal it replaces the last one, elsewhere one line at
  /// most every ten seconds.
  void progress(const std::string& line);
  /// Ends the progress line.
  void end_progress();
  /// A sentence on stderr: "warning: ...".
  void warn(const std::string& sentence);
  void note(const std::string& sentence);

  std::string bold(std::string_view text) const;
  std::string accent(std::string_view text) const;

 private:
  Output output_;
  bool stderr_is_terminal_;
  bool colour_;
  bool line_open_ = false;
  std::chrono::steady_clock::time_point last_line_{};
};

/// A foreign text made safe for a terminal: control characters are shown as \x1b, and what is
/// longer than 4096 bytes is cut.
std::string printable(std::string_view text);

}  // namespace salient::app
