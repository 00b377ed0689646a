// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `a.b`, `a[b]` and `a[b:c]` mean in a template. Nothing but the entries of maps, the items of
// lists, the characters of strings and the state of a loop can be reached: no attribute of any
// object of the program. Errors: jinja::Failure.

#include <string_view>

#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

/// `object.name` for data (methods are found by the evaluator): an undefined value if there is
/// none.
Value attribute_of(const Value& object, std::string_view name, Budget& budget);
/// `object[key]`.
Value item_of(const Value& object, const Value& key, Budget& budget);
/// `object[start:stop:step]`; null where nothing is written.
Value slice_of(const Value& object, const Value* start, const Value* stop, const Value* step,
               Budget& budget);
/// Number of characters, items or entries; fails for what has none.
std::int64_t length_of(const Value& value);

}  // namespace salient::jinja
