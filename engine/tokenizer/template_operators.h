// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operators of templates: what `-a`, `a + b`, `a < b` and `a in b` mean, with Python's types and
// messages. Errors: jinja::Failure.

#include "engine/tokenizer/template_ast.h"
#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

/// All but And and Or, which decide whether their right side is evaluated at all.
Value apply_operator(BinaryOperator operation, const Value& left, const Value& right,
                     Budget& budget);
Value apply_operator(UnaryOperator operation, const Value& operand);
bool holds(Relation relation, const Value& left, const Value& right, Budget& budget);
/// Python's `in`.
bool contains(const Value& container, const Value& item, Budget& budget);

}  // namespace salient::jinja
