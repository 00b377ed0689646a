// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_value.h"

#include <algorithm>

#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

constexpr std::size_t kMaxNodes = kMaxSteps;

void include_in(Nesting& nesting, const Value& value) {
  if (value.is(Type::Callable) || value.is(Type::Loop)) {
    throw Failure("a " + type_name(value) + " cannot be stored in a list, map or namespace");
  }
  const Nesting inner = value.nesting();
  nesting.depth = std::max(nesting.depth, 1 + inner.depth);
  nesting.nodes += inner.nodes;
  nesting.holds_namespace = nesting.holds_namespace || inner.holds_namespace;
  if (nesting.depth > kMaxDepth) throw Failure("values nested deeper than 64");
  if (nesting.nodes > kMaxNodes) throw Failure("a value of more than 1048576 items");
}

Nesting nesting_of(const Values& items) {
  Nesting nesting{.depth = 1};
  for (const Value& item : items) include_in(nesting, item);
  return nesting;
}

Nesting nesting_of(const Entries& entries) {
  Nesting nesting{.depth = 1};
  for (const auto& [key, value] : entries) {
    if (key.is(Type::List) || key.is(Type::Map) || key.is(Type::Namespace)) {
      throw Failure("unhashable type: '" + type_name(key) + "'");
    }
    include_in(nesting, value);
  }
  return nesting;
}

bool equal_lists(const Values& left, const Values& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

bool equal_maps(const Entries& left, const Entries& right) {
  if (left.size() != right.size()) return false;
  return std::all_of(left.begin(), left.end(), [&](const auto& entry) {
    const Value* other = find(right, entry.first);
    return other != nullptr && equal(entry.second, *other);
  });
}

bool equal_numbers(const Value& left, const Value& right) {
  if (left.is_integral() && right.is_integral()) return left.as_integer() == right.as_integer();
  return left.as_double() == right.as_double();
}

}  // namespace

Value Value::undefined(std::string sentence) {
  return Value(Storage(Missing{std::make_shared<const std::string>(std::move(sentence))}));
}

Value Value::string(std::string text, TextKind kind) {
  return Value(Storage(std::make_shared<const TextContent>(TextContent{std::move(text), kind})));
}

Value Value::list(Values items, ListKind kind) {
  const Nesting nesting = nesting_of(items);
  return Value(Storage(std::make_shared<const List>(List{std::move(items), kind, nesting})));
}

Value Value::map(Entries entries) {
  const Nesting nesting = nesting_of(entries);
  return Value(Storage(std::make_shared<const Map>(Map{std::move(entries), nesting})));
}

Value Value::new_namespace(Entries attributes) {
  Nesting nesting = nesting_of(attributes);
  nesting.holds_namespace = true;
  return Value(Storage(std::make_shared<Namespace>(Namespace{std::move(attributes), nesting})));
}

void assign(Namespace& target, std::string_view name, Value value) {
  if (value.nesting().holds_namespace) {
    throw Failure("a namespace cannot be assigned to an attribute of a namespace");
  }
  include_in(target.nesting, value);
  for (auto& [key, current] : target.attributes) {
    if (key.is(Type::String) && key.text() == name) {
      target.nesting.nodes -= current.nesting().nodes;
      current = std::move(value);
      return;
    }
  }
  target.attributes.emplace_back(Value::string(std::string(name)), std::move(value));
}

Value Value::loop(std::shared_ptr<const LoopState> state) {
  return Value(Storage(std::move(state)));
}

Value Value::callable(std::shared_ptr<const Callable> callable) {
  return Value(Storage(std::move(callable)));
}

namespace {

Value convert(const nlohmann::ordered_json& json, int depth) {
  using Kind = nlohmann::ordered_json::value_t;
  if (depth > kMaxDepth) throw Failure("values nested deeper than 64");
  switch (json.type()) {
    case Kind::boolean:
      return Value::boolean(json.get<bool>());
    case Kind::number_integer:
      return Value::integer(json.get<std::int64_t>());
    case Kind::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      return number > INT64_MAX ? Value::number(static_cast<double>(number))
                                : Value::integer(static_cast<std::int64_t>(number));
    }
    case Kind::number_float:
      return Value::number(json.get<double>());
    case Kind::string:
      return Value::string(utf8::to_valid_utf8(json.get_ref<const std::string&>()));
    case Kind::array: {
      Values items;
      for (const auto& item : json) items.push_back(convert(item, depth + 1));
      return Value::list(std::move(items));
    }
    case Kind::object: {
      Entries entries;
      for (const auto& [key, value] : json.items()) {
        entries.emplace_back(Value::string(utf8::to_valid_utf8(key)), convert(value, depth + 1));
      }
      return Value::map(std::move(entries));
    }
    default:
      return {};
  }
}

}  // namespace

Value Value::from_json(const nlohmann::ordered_json& json) {
  return convert(json, 0);
}

const std::string& Value::text() const {
  return std::get<std::shared_ptr<const TextContent>>(storage_)->characters;
}
TextKind Value::text_kind() const {
  return std::get<std::shared_ptr<const TextContent>>(storage_)->kind;
}
const Values& Value::items() const {
  return std::get<std::shared_ptr<const List>>(storage_)->items;
}
ListKind Value::list_kind() const {
  return std::get<std::shared_ptr<const List>>(storage_)->kind;
}
const Entries& Value::entries() const {
  return std::get<std::shared_ptr<const Map>>(storage_)->entries;
}
Namespace& Value::as_namespace() const {
  return *std::get<std::shared_ptr<Namespace>>(storage_);
}
const LoopState& Value::as_loop() const {
  return *std::get<std::shared_ptr<const LoopState>>(storage_);
}
const std::shared_ptr<const Callable>& Value::as_callable() const {
  return std::get<std::shared_ptr<const Callable>>(storage_);
}
const std::string& Value::undefined_sentence() const {
  return *std::get<Missing>(storage_).sentence;
}

std::int64_t Value::as_integer() const {
  return is(Type::Boolean) ? std::int64_t{as_boolean()} : std::get<std::int64_t>(storage_);
}

double Value::as_double() const {
  return is(Type::Float) ? std::get<double>(storage_) : static_cast<double>(as_integer());
}

Nesting Value::nesting() const {
  switch (type()) {
    case Type::List:
      return std::get<std::shared_ptr<const List>>(storage_)->nesting;
    case Type::Map:
      return std::get<std::shared_ptr<const Map>>(storage_)->nesting;
    case Type::Namespace:
      return as_namespace().nesting;
    default:
      return {};
  }
}

const Value* find(const Entries& entries, const Value& key) {
  for (const auto& [candidate, value] : entries) {
    if (equal(candidate, key)) return &value;
  }
  return nullptr;
}

const Value* find(const Entries& entries, std::string_view key) {
  for (const auto& [candidate, value] : entries) {
    if (candidate.is(Type::String) && candidate.text() == key) return &value;
  }
  return nullptr;
}

bool is_true(const Value& value) {
  switch (value.type()) {
    case Type::Undefined:
    case Type::None:
      return false;
    case Type::Boolean:
    case Type::Integer:
      return value.as_integer() != 0;
    case Type::Float:
      return value.as_double() != 0.0;
    case Type::String:
      return !value.text().empty();
    case Type::List:
      return value.list_kind() == ListKind::Generator || !value.items().empty();
    case Type::Map:
      return !value.entries().empty();
    default:
      return true;
  }
}

bool equal(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return equal_numbers(left, right);
  if (left.type() != right.type()) return false;
  switch (left.type()) {
    case Type::String:
      return left.text() == right.text();
    case Type::List:
      return left.list_kind() == right.list_kind() && equal_lists(left.items(), right.items());
    case Type::Map:
      return equal_maps(left.entries(), right.entries());
    case Type::Namespace:
      return &left.as_namespace() == &right.as_namespace();
    case Type::Loop:
      return &left.as_loop() == &right.as_loop();
    case Type::Callable:
      return left.as_callable() == right.as_callable();
    default:
      return true;
  }
}

bool less(const Value& left, const Value& right) {
  require_defined(left);
  require_defined(right);
  if (left.is_integral() && right.is_integral()) return left.as_integer() < right.as_integer();
  if (left.is_number() && right.is_number()) return left.as_double() < right.as_double();
  // Byte order of UTF-8 is code point order.
  if (left.is(Type::String) && right.is(Type::String)) return left.text() < right.text();
  if (left.is(Type::List) && right.is(Type::List)) {
    const Values& a = left.items();
    const Values& b = right.items();
    const auto [first, second] = std::mismatch(a.begin(), a.end(), b.begin(), b.end(), equal);
    return second != b.end() && (first == a.end() || less(*first, *second));
  }
  throw Failure("'<' not supported between instances of '" + type_name(left) + "' and '" +
                type_name(right) + "'");
}

Values iterate(const Value& value, Budget& budget) {
  Values items;
  switch (value.type()) {
    case Type::Undefined:
      return items;
    case Type::List:
      budget.produce(value.items().size() * sizeof(Value));
      return value.items();
    case Type::Map:
      budget.produce(value.entries().size() * sizeof(Value));
      for (const auto& [key, unused] : value.entries()) items.push_back(key);
      return items;
    case Type::String: {
      const std::string& text = value.text();
      budget.produce(text.size() * (sizeof(Value) + sizeof(std::string)));
      for (std::size_t end = 0; end < text.size();) {
        const std::size_t start = end;
        utf8::next_code_point(text, end);
        items.push_back(Value::string(text.substr(start, end - start)));
      }
      return items;
    }
    default:
      throw Failure("'" + type_name(value) + "' object is not iterable");
  }
}

void require_defined(const Value& value) {
  if (value.is(Type::Undefined)) throw Failure(value.undefined_sentence());
}

std::string type_name(const Value& value) {
  switch (value.type()) {
    case Type::Undefined:
      return "Undefined";
    case Type::None:
      return "NoneType";
    case Type::Boolean:
      return "bool";
    case Type::Integer:
      return "int";
    case Type::Float:
      return "float";
    case Type::String:
      return "str";
    case Type::List:
      if (value.list_kind() == ListKind::Generator) return "generator";
      return value.list_kind() == ListKind::Tuple ? "tuple" : "list";
    case Type::Map:
      return "dict";
    case Type::Namespace:
      return "Namespace";
    case Type::Loop:
      return "LoopContext";
    case Type::Callable:
      return "Macro";
  }
  return "value";
}

}  // namespace salient::jinja
