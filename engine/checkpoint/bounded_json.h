// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON from a foreign file. Before any parser sees the text its depth and UTF-8 are checked, so
// that nothing recurses into the stack; every object refuses a key that comes twice, because
// readers differ in which one counts. Errors name the file, line and column.

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace salient {

/// A SAX handler that refuses everything; readers override what their format allows. A handler
/// throws Error itself; `where()` tells the key it is at.
class JsonEvents : public nlohmann::json_sax<nlohmann::ordered_json> {
 public:
  explicit JsonEvents(std::string file_name) : file_(std::move(file_name)) {}

  bool null() override { return unexpected("null"); }
  bool boolean(bool /*value*/) override { return unexpected("a boolean"); }
  bool number_integer(std::int64_t /*value*/) override { return unexpected("a negative number"); }
  bool number_unsigned(std::uint64_t /*value*/) override { return unexpected("a number"); }
  bool number_float(double /*value*/, const std::string& /*text*/) override {
    return unexpected("a number with a fraction or exponent");
  }
  bool string(std::string& /*value*/) override { return unexpected("a string"); }
  bool binary(binary_t& /*value*/) override { return unexpected("binary data"); }
  bool start_object(std::size_t /*size*/) override { return unexpected("an object"); }
  bool key(std::string& /*value*/) override { return unexpected("a key"); }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override { return unexpected("an array"); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override;

 protected:
  /// The path of keys to the value at hand, escaped; empty at the top.
  virtual std::string where() const { return {}; }
  /// Throws Error(BadInput): "file: key: <what> is not expected here".
  [[noreturn]] bool unexpected(std::string_view what) const;
  /// Throws Error(BadInput): "file: <sentence>".
  [[noreturn]] bool refuse(std::string_view sentence) const;
  const std::string& file() const { return file_; }

 private:
  friend void parse_json_events(std::string_view text, JsonEvents& events);
  std::string file_;
  std::string_view text_;
};

/// Runs `events` over `text`, which must be one JSON value with white space around it.
void parse_json_events(std::string_view text, JsonEvents& events);

/// The value as a tree, objects in file order. Throws Error(Cancelled) soon after a request to
/// stop.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& file_name,
                                  const std::stop_token& stop = {});

}  // namespace salient
