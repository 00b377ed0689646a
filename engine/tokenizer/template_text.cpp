// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <utf8proc.h>

#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

constexpr std::string_view kHexadecimal = "0123456789abcdef";

/// Text under construction: every piece is charged before it is kept.
class Writer {
 public:
  explicit Writer(Budget& budget) : budget_(budget) {}

  void put(std::string_view piece) {
    if (text_.size() + piece.size() > kMaxOutputBytes) throw Failure("output over 1 MiB");
    budget_.produce(piece.size() + 1);
    text_ += piece;
  }

  void put_escape(char letter, char32_t code_point, int digits) {
    std::string escape = {'\\', letter};
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
      escape.push_back(kHexadecimal[(code_point >> static_cast<unsigned>(shift)) & 0xFU]);
    }
    put(escape);
  }

  std::string take() { return std::move(text_); }

 private:
  Budget& budget_;
  std::string text_;
};

bool is_printable(char32_t code_point) {
  if (code_point == ' ') return true;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
  return category < UTF8PROC_CATEGORY_ZS && category != UTF8PROC_CATEGORY_CN;
}

void write_quoted(const std::string& text, Writer& out) {
  const bool use_double =
      text.find('\'') != std::string::npos && text.find('"') == std::string::npos;
  const char quote = use_double ? '"' : '\'';
  out.put(std::string_view(&quote, 1));
  for (std::size_t end = 0; end < text.size();) {
    const std::size_t start = end;
    const char32_t c = utf8::next_code_point(text, end);
    if (c == '\n') {
      out.put("\\n");
    } else if (c == '\r') {
      out.put("\\r");
    } else if (c == '\t') {
      out.put("\\t");
    } else if (c == '\\' || c == static_cast<unsigned char>(quote)) {
      out.put(std::string{'\\', static_cast<char>(c)});
    } else if (is_printable(c)) {
      out.put(std::string_view(text).substr(start, end - start));
    } else if (c < 0x100) {
      out.put_escape('x', c, 2);
    } else {
      c < 0x10000 ? out.put_escape('u', c, 4) : out.put_escape('U', c, 8);
    }
  }
  out.put(std::string_view(&quote, 1));
}

void write_repr(const Value& value, Writer& out);

void write_entries(const Entries& entries, Writer& out) {
  out.put("{");
  bool first = true;
  for (const auto& [key, value] : entries) {
    if (!std::exchange(first, false)) out.put(", ");
    write_repr(key, out);
    out.put(": ");
    write_repr(value, out);
  }
  out.put("}");
}

void write_items(const Value& list, Writer& out) {
  const bool tuple = list.list_kind() == ListKind::Tuple;
  out.put(tuple ? "(" : "[");
  bool first = true;
  for (const Value& item : list.items()) {
    if (!std::exchange(first, false)) out.put(", ");
    write_repr(item, out);
  }
  if (tuple && list.items().size() == 1) out.put(",");
  out.put(tuple ? ")" : "]");
}

void write_repr(const Value& value, Writer& out) {
  switch (value.type()) {
    case Type::Undefined:
      return out.put("Undefined");
    case Type::None:
      return out.put("None");
    case Type::Boolean:
      return out.put(value.as_boolean() ? "True" : "False");
    case Type::Integer:
      return out.put(std::to_string(value.as_integer()));
    case Type::Float:
      return out.put(float_text(value.as_double()));
    case Type::String:
      return write_quoted(value.text(), out);
    case Type::List:
      return write_items(value, out);
    case Type::Map:
      return write_entries(value.entries(), out);
    case Type::Namespace:
      out.put("<Namespace ");
      write_entries(value.as_namespace().attributes, out);
      return out.put(">");
    default:
      return out.put("<" + type_name(value) + ">");
  }
}

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_(style), out_(budget) {}

  std::string run(const Value& value) {
    write(value, 0);
    return out_.take();
  }

 private:
  void write(const Value& value, int level) {
    switch (value.type()) {
      case Type::None:
        return out_.put("null");
      case Type::Boolean:
        return out_.put(value.as_boolean() ? "true" : "false");
      case Type::Integer:
        return out_.put(std::to_string(value.as_integer()));
      case Type::Float:
        return out_.put(json_float(value.as_double()));
      case Type::String:
        return write_string(value.text());
      case Type::List:
        if (value.list_kind() != ListKind::Generator) return write_list(value.items(), level);
        break;
      case Type::Map:
        return write_map(value.entries(), level);
      default:
        break;
    }
    throw Failure("Object of type " + type_name(value) + " is not JSON serializable");
  }

  static std::string json_float(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return float_text(number);
  }

  void new_line(int level) {
    if (style_.indent < 0) return;
    out_.put("\n" + std::string(static_cast<std::size_t>(style_.indent * level), ' '));
  }

  void separate(bool& first) {
    if (!std::exchange(first, false)) out_.put(style_.item_separator);
  }

  void write_list(const Values& items, int level) {
    if (items.empty()) return out_.put("[]");
    out_.put("[");
    bool first = true;
    for (const Value& item : items) {
      separate(first);
      new_line(level + 1);
      write(item, level + 1);
    }
    new_line(level);
    out_.put("]");
  }

  void write_map(const Entries& entries, int level) {
    if (entries.empty()) return out_.put("{}");
    out_.put("{");
    bool first = true;
    for (const auto* entry : ordered(entries)) {
      separate(first);
      new_line(level + 1);
      write_string(key_text(entry->first));
      out_.put(style_.key_separator);
      write(entry->second, level + 1);
    }
    new_line(level);
    out_.put("}");
  }

  std::vector<const Entries::value_type*> ordered(const Entries& entries) const {
    std::vector<const Entries::value_type*> order;
    for (const auto& entry : entries) order.push_back(&entry);
    if (style_.keys == JsonKeys::Sort) {
      std::stable_sort(order.begin(), order.end(), [](const auto* left, const auto* right) {
        return less(left->first, right->first);
      });
    }
    return order;
  }

  static std::string key_text(const Value& key) {
    switch (key.type()) {
      case Type::String:
        return key.text();
      case Type::None:
        return "null";
      case Type::Boolean:
        return key.as_boolean() ? "true" : "false";
      case Type::Integer:
        return std::to_string(key.as_integer());
      case Type::Float:
        return json_float(key.as_double());
      default:
        throw Failure("keys must be str, int, float, bool or None, not " + type_name(key));
    }
  }

  void write_string(const std::string& text) {
    static constexpr std::string_view kEscaped = "\"\\\n\r\t\b\f";
    static constexpr std::string_view kLetters = "\"\\nrtbf";
    out_.put("\"");
    for (std::size_t end = 0; end < text.size();) {
      const std::size_t start = end;
      const char32_t c = utf8::next_code_point(text, end);
      const auto plain = c < 0x80 ? kEscaped.find(static_cast<char>(c)) : std::string_view::npos;
      if (plain != std::string_view::npos) {
        out_.put(std::string{'\\', kLetters[plain]});
      } else if (c < 0x20) {
        out_.put_escape('u', c, 4);
      } else if (c < 0x80 || style_.characters == JsonCharacters::Keep) {
        out_.put(std::string_view(text).substr(start, end - start));
      } else if (c < 0x10000) {
        out_.put_escape('u', c, 4);
      } else {
        out_.put_escape('u', 0xD800 + ((c - 0x10000) >> 10U), 4);
        out_.put_escape('u', 0xDC00 + ((c - 0x10000) & 0x3FFU), 4);
      }
    }
    out_.put("\"");
  }

  const JsonStyle& style_;
  Writer out_;
};

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 64> buffer{};
  char* const end = buffer.data() + buffer.size();
  // Python changes to an exponent below 1e-4 and from 1e16 on.
  const double size = std::abs(number);
  const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto result = std::to_chars(buffer.data(), end, number, format);
  std::string text(buffer.data(), result.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string to_text(const Value& value, Budget& budget) {
  if (value.is(Type::Undefined)) return {};
  if (value.is(Type::String)) {
    budget.produce_text(value.text().size());
    return value.text();
  }
  Writer out(budget);
  write_repr(value, out);
  return out.take();
}

std::string to_json(const Value& value, const JsonStyle& style, Budget& budget) {
  return JsonWriter(style, budget).run(value);
}

}  // namespace salient::jinja
