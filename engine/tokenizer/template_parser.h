// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole template to its tree. Tags known: if, for, set, macro, call, filter, with, break,
// continue, generation (transformers' marker, transparent here) and raw. include, import, extends
// and block are refused: there is nothing to load from. Throws Error(BadInput) with line and
// column.

#include <string_view>

#include "engine/tokenizer/template_ast.h"

namespace salient::jinja {

Block parse_template(std::string_view source);

}  // namespace salient::jinja
