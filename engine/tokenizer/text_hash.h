// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lets a hash table with std::string keys be searched by std::string_view without a copy.

#include <cstddef>
#include <functional>
#include <string_view>

namespace salient {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace salient
