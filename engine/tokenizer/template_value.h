// SPDX-License-Identifier: Apache-2.0
#pragma once

// The values a chat template computes with: Python's, as far as templates see them. Immutable and
// shared by reference count, the attributes of a namespace apart. Nesting is bounded (kMaxDepth)
// and no cycle can be built, so printing, comparing and destroying are safe. Errors:
// jinja::Failure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/tokenizer/template_budget.h"

namespace salient::jinja {

/// How deep and how wide a value is. Both are bounded where values are built, because shared parts
/// let a short template build a value whose printed form never ends.
struct Nesting {
  int depth = 0;          ///< levels of lists, maps and namespaces
  std::size_t nodes = 1;  ///< values inside, shared ones counted each time
  bool holds_namespace = false;
};

class Value;
struct Callable;
struct LoopState;
struct Namespace;

using Values = std::vector<Value>;
using Entries = std::vector<std::pair<Value, Value>>;

/// A generator is what Python's lazy filters return: a list that has no length and no JSON.
enum class ListKind { List, Tuple, Generator };

struct List;
struct Map;

/// Markup is text that the template called safe: what is joined to it is escaped, as in Python.
enum class TextKind { Plain, Markup };

struct TextContent {
  std::string characters;
  TextKind kind = TextKind::Plain;
};

enum class Type {
  Undefined,
  None,
  Boolean,
  Integer,
  Float,
  String,
  List,
  Map,
  Namespace,
  Loop,
  Callable
};

class Value {
 public:
  Value() = default;  ///< None
  static Value undefined(std::string sentence);
  static Value boolean(bool value) { return Value(Storage(value)); }
  static Value integer(std::int64_t value) { return Value(Storage(value)); }
  static Value number(double value) { return Value(Storage(value)); }
  static Value string(std::string text, TextKind kind = TextKind::Plain);
  static Value list(Values items, ListKind kind = ListKind::List);
  static Value map(Entries entries);
  static Value new_namespace(Entries attributes);
  static Value loop(std::shared_ptr<const LoopState> state);
  static Value callable(std::shared_ptr<const Callable> callable);
  /// Key order kept, invalid UTF-8 replaced.
  static Value from_json(const nlohmann::ordered_json& json);

  Type type() const { return static_cast<Type>(storage_.index()); }
  bool is(Type type) const { return this->type() == type; }
  bool is_number() const { return is(Type::Boolean) || is(Type::Integer) || is(Type::Float); }
  bool is_integral() const { return is(Type::Boolean) || is(Type::Integer); }

  /// The accessors expect their type.
  const std::string& text() const;
  TextKind text_kind() const;
  const Values& items() const;
  ListKind list_kind() const;
  const Entries& entries() const;
  bool as_boolean() const { return std::get<bool>(storage_); }
  std::int64_t as_integer() const;  ///< of a Boolean or an Integer
  double as_double() const;         ///< of any number
  Namespace& as_namespace() const;
  const LoopState& as_loop() const;
  const std::shared_ptr<const Callable>& as_callable() const;
  const std::string& undefined_sentence() const;

  /// Of lists, maps and namespaces; zero for all others.
  Nesting nesting() const;

 private:
  struct Missing {
    std::shared_ptr<const std::string> sentence;
  };
  using Storage = std::variant<Missing, std::monostate, bool, std::int64_t, double,
                               std::shared_ptr<const TextContent>, std::shared_ptr<const List>,
                               std::shared_ptr<const Map>, std::shared_ptr<Namespace>,
                               std::shared_ptr<const LoopState>, std::shared_ptr<const Callable>>;
  explicit Value(Storage storage) : storage_(std::move(storage)) {}
  Storage storage_ = std::monostate{};
};

struct List {
  Values items;
  ListKind kind = ListKind::List;
  Nesting nesting;
};

struct Map {
  Entries entries;
  Nesting nesting;
};

struct Namespace {
  Entries attributes;
  Nesting nesting;
};

/// Replaces or adds an attribute. A value that holds a namespace is refused: it could close a
/// cycle.
void assign(Namespace& target, std::string_view name, Value value);

/// `loop` inside a for: one iteration, frozen.
struct LoopState {
  Value items;  ///< a List
  std::size_t index = 0;
};

/// The value under `key`, or null. Linear: the maps of templates are small, and the caller pays
/// steps.
const Value* find(const Entries& entries, const Value& key);
const Value* find(const Entries& entries, std::string_view key);

/// Python's truth value.
bool is_true(const Value& value);
/// Python's ==: numbers by value, lists and maps by content.
bool equal(const Value& left, const Value& right);
/// Python's <. Fails for types that have no order.
bool less(const Value& left, const Value& right);
/// What iterating gives: characters, items or keys. Fails for what can't be iterated.
Values iterate(const Value& value, Budget& budget);
/// Fails with the sentence of an undefined value; nothing for all others.
void require_defined(const Value& value);
/// "str", "int", "NoneType", "dict" as Python's messages say.
std::string type_name(const Value& value);

}  // namespace salient::jinja
