// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_lookup.h"

#include <algorithm>
#include <optional>

#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

std::string object_name(const Value& value) {
  return value.is(Type::None) ? "None" : type_name(value) + " object";
}

/// Python's reading of one slice bound: negative from the end, then clamped.
std::int64_t clamp_bound(const Value* bound, std::int64_t length, std::int64_t low,
                         std::int64_t high, std::int64_t absent) {
  if (bound == nullptr || bound->is(Type::None)) return absent;
  require_defined(*bound);
  if (!bound->is_integral()) throw Failure("slice indices must be integers or None");
  const std::int64_t value = bound->as_integer();
  return std::clamp(value < 0 ? value + length : value, low, high);
}

std::vector<std::size_t> slice_indices(std::int64_t length, const Value* start, const Value* stop,
                                       const Value* step) {
  const std::int64_t stride = clamp_bound(step, 0, INT64_MIN, INT64_MAX, 1);
  if (stride == 0) throw Failure("slice step cannot be zero");
  const bool forward = stride > 0;
  const std::int64_t low = forward ? 0 : -1;
  const std::int64_t high = forward ? length : length - 1;
  const std::int64_t first = clamp_bound(start, length, low, high, forward ? low : high);
  const std::int64_t last = clamp_bound(stop, length, low, high, forward ? high : low);
  std::vector<std::size_t> indices;
  for (std::int64_t i = first; forward ? i < last : i > last;) {
    indices.push_back(static_cast<std::size_t>(i));
    if (__builtin_add_overflow(i, stride, &i)) break;
  }
  return indices;
}

std::optional<std::size_t> list_index(const Value& key, std::size_t length) {
  if (!key.is_integral()) return std::nullopt;
  const auto size = static_cast<std::int64_t>(length);
  const std::int64_t index = key.as_integer() < 0 ? key.as_integer() + size : key.as_integer();
  if (index < 0 || index >= size) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Value loop_attribute(const LoopState& loop, std::string_view name) {
  const Values& items = loop.items.items();
  const auto index = static_cast<std::int64_t>(loop.index);
  const auto length = static_cast<std::int64_t>(items.size());
  if (name == "index") return Value::integer(index + 1);
  if (name == "index0") return Value::integer(index);
  if (name == "revindex") return Value::integer(length - index);
  if (name == "revindex0") return Value::integer(length - index - 1);
  if (name == "first") return Value::boolean(index == 0);
  if (name == "last") return Value::boolean(index == length - 1);
  if (name == "length") return Value::integer(length);
  // Only recursive loops are deeper, and those are not known here.
  if (name == "depth") return Value::integer(1);
  if (name == "depth0") return Value::integer(0);
  if (name == "previtem" && index > 0) return items[loop.index - 1];
  if (name == "nextitem" && index + 1 < length) return items[loop.index + 1];
  const bool neighbour = name == "previtem" || name == "nextitem";
  return Value::undefined(neighbour ? "there is no " + std::string(name)
                                    : "'loop' has no attribute '" + std::string(name) + "'");
}

Value missing_attribute(const Value& object, std::string_view name) {
  return Value::undefined("'" + object_name(object) + "' has no attribute '" + std::string(name) +
                          "'");
}

}  // namespace

Value attribute_of(const Value& object, std::string_view name, Budget& budget) {
  require_defined(object);
  if (object.is(Type::Loop)) return loop_attribute(object.as_loop(), name);
  const Value* found = nullptr;
  if (object.is(Type::Map)) {
    budget.work(object.entries().size());
    found = find(object.entries(), name);
  } else if (object.is(Type::Namespace)) {
    found = find(object.as_namespace().attributes, name);
  }
  return found != nullptr ? *found : missing_attribute(object, name);
}

Value item_of(const Value& object, const Value& key, Budget& budget) {
  require_defined(object);
  if (object.is(Type::Map)) {
    budget.work(object.entries().size());
    const Value* found = find(object.entries(), key);
    if (found != nullptr) return *found;
  } else if (object.is(Type::List) && key.is_integral()) {
    const auto index = list_index(key, object.items().size());
    if (index) return object.items()[*index];
    return Value::undefined(type_name(object) + " object has no element " +
                            std::to_string(key.as_integer()));
  } else if (object.is(Type::String) && key.is_integral()) {
    const Value one = Value::integer(1);
    const auto index = list_index(key, utf8::length(object.text()));
    if (!index) return Value::undefined("str object has no element");
    const Value at = Value::integer(static_cast<std::int64_t>(*index));
    const Value after = Value::integer(static_cast<std::int64_t>(*index) + 1);
    return slice_of(object, &at, &after, &one, budget);
  } else if (key.is(Type::String)) {
    return attribute_of(object, key.text(), budget);
  }
  return missing_attribute(object, key.is(Type::String) ? key.text() : type_name(key));
}

Value slice_of(const Value& object, const Value* start, const Value* stop, const Value* step,
               Budget& budget) {
  require_defined(object);
  if (object.is(Type::String)) {
    const std::u32string characters = utf8::to_code_points(object.text());
    budget.produce(characters.size() * 3 * sizeof(char32_t));
    std::u32string part;
    for (const std::size_t index :
         slice_indices(static_cast<std::int64_t>(characters.size()), start, stop, step)) {
      part.push_back(characters[index]);
    }
    return Value::string(utf8::from_code_points(part));
  }
  if (!object.is(Type::List) || object.list_kind() == ListKind::Generator) {
    throw Failure("'" + type_name(object) + "' object is not subscriptable");
  }
  const Values& items = object.items();
  budget.produce(items.size() * sizeof(Value));
  Values part;
  for (const std::size_t index :
       slice_indices(static_cast<std::int64_t>(items.size()), start, stop, step)) {
    part.push_back(items[index]);
  }
  return Value::list(std::move(part), object.list_kind());
}

std::int64_t length_of(const Value& value) {
  switch (value.type()) {
    case Type::Undefined:
      return 0;
    case Type::String:
      return static_cast<std::int64_t>(utf8::length(value.text()));
    case Type::List:
      if (value.list_kind() == ListKind::Generator) break;
      return static_cast<std::int64_t>(value.items().size());
    case Type::Map:
      return static_cast<std::int64_t>(value.entries().size());
    default:
      break;
  }
  throw Failure("object of type '" + type_name(value) + "' has no len()");
}

}  // namespace salient::jinja
