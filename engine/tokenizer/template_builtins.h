// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything a template can call that it did not define itself: filters, tests, methods of values
// and global functions. Each kind is a table from name to function in a file of its own. Errors:
// jinja::Failure, with Python's words where Python has them.

#include <ctime>
#include <string>
#include <string_view>

#include "engine/tokenizer/template_arguments.h"
#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

struct CallContext {
  Budget& budget;
  const std::tm& now;  ///< local time, for strftime_now
};

Value apply_filter(const std::string& name, const Value& input, const Arguments& arguments,
                   CallContext& context);

bool apply_test(const std::string& name, const Value& input, const Arguments& arguments,
                CallContext& context);

/// Whether values of this type have a method of that name.
bool has_method(const Value& receiver, std::string_view name);
Value call_method(const Value& receiver, const std::string& name, const Arguments& arguments,
                  CallContext& context);

bool has_function(std::string_view name);
Value call_function(const std::string& name, const Arguments& arguments, CallContext& context);

using MethodFunction = Value (*)(const Value& receiver, const Arguments& arguments,
                                 CallContext& context);
/// The methods of strings; null for a name that is none.
MethodFunction find_string_method(std::string_view name);

using FilterFunction = Value (*)(const Value& input, const Arguments& arguments,
                                 CallContext& context);
/// The tables behind apply_filter: null for a name that is not in that table.
FilterFunction find_text_filter(std::string_view name);
FilterFunction find_list_filter(std::string_view name);

}  // namespace salient::jinja
