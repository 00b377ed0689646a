// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/bounded_json.h"

#include <algorithm>
#include <unordered_set>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"
#include "engine/stop.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

/// Values between two looks at a request to stop.
constexpr std::uint32_t kStopEvery = 1024;

[[noreturn]] void refuse_at(const std::string& file, std::string_view text, std::size_t position,
                            const std::string& sentence) {
  const std::string_view before = text.substr(0, std::min(position, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  const std::size_t column =
      start == std::string_view::npos ? before.size() : before.size() - start - 1;
  throw Error(ErrorKind::BadInput, file + ": line " + std::to_string(line) + ", column " +
                                       std::to_string(column + 1) + ": " + sentence);
}

/// Depth by brackets outside strings; whether they match is the parser's business.
void check_depth(std::string_view text, const std::string& file) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '}' || c == ']') --depth;
    if ((c == '{' || c == '[') && ++depth > limits::kJsonDepth) {
      refuse_at(file, text, i, "nested deeper than " + std::to_string(limits::kJsonDepth));
    }
  }
}

void check_text(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    throw Error(ErrorKind::BadInput, file + ": begins with a byte order mark, JSON must not");
  }
  if (const auto at = find_invalid_utf8(text)) {
    throw Error(ErrorKind::BadInput, file + ": byte " + std::to_string(*at) + " is not UTF-8");
  }
  check_depth(text, file);
}

/// Builds the tree. Members are appended to the object's vector directly: ordered_json would search
/// it for each key, which is quadratic.
class TreeBuilder : public JsonEvents {
 public:
  TreeBuilder(const std::string& file, const std::stop_token& stop)
      : JsonEvents(file), stop_(stop) {}
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(std::int64_t value) override { return put(value); }
  bool number_unsigned(std::uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string& /*text*/) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& value) override {
    Level& level = levels_.back();
    if (!level.keys.insert(value).second) refuse("key " + in_quotes(value) + " comes twice");
    level.key = value;
    return true;
  }

 private:
  struct Level {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  bool put(Json value) {
    if (++values_ % kStopEvery == 0) throw_if_stopped(stop_);
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      auto& members = level.value.get_ref<Json::object_t&>();
      static_cast<Json::object_t::Container&>(members).emplace_back(level.key, std::move(value));
    }
    return true;
  }
  bool open(Json empty) {
    levels_.push_back({std::move(empty), {}, {}});
    return true;
  }
  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }

  const std::stop_token& stop_;
  std::uint32_t values_ = 0;
  Json root_;
  std::vector<Level> levels_;
};

}  // namespace

bool JsonEvents::parse_error(std::size_t position, const std::string& /*last_token*/,
                             const nlohmann::detail::exception& error) {
  const std::string_view what = error.what();
  const bool number = what.find("out of range") != std::string_view::npos ||
                      what.find("number overflow") != std::string_view::npos;
  const std::string sentence = number                    ? "a number is out of range"
                               : position > text_.size() ? "the text ends too early"
                                                         : "this is not valid JSON";
  refuse_at(file_, text_, position == 0 ? 0 : position - 1, sentence);
}

bool JsonEvents::unexpected(std::string_view what) const {
  const std::string at = where();
  refuse((at.empty() ? "" : at + ": ") + std::string(what) + " is not expected here");
}

bool JsonEvents::refuse(std::string_view sentence) const {
  throw Error(ErrorKind::BadInput, file_ + ": " + std::string(sentence));
}

void parse_json_events(std::string_view text, JsonEvents& events) {
  check_text(text, events.file_);
  events.text_ = text;
  nlohmann::ordered_json::sax_parse(text.begin(), text.end(), &events);
}

Json parse_json(std::string_view text, const std::string& file_name, const std::stop_token& stop) {
  TreeBuilder builder(file_name, stop);
  parse_json_events(text, builder);
  return builder.take();
}

}  // namespace salient
