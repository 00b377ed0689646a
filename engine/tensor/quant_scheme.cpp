// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/quant_scheme.h"

#include "engine/error.h"

namespace salient {

std::string to_string(const QuantScheme& scheme) {
  std::string text = std::to_string(scheme.bits) + "-bit ";
  text +=
      scheme.group_size == QuantScheme::kWholeRow ? "row" : "g" + std::to_string(scheme.group_size);
  if (scheme.symmetry == Symmetry::Symmetric) text += " symmetric";
  return text;
}

void validate(const QuantScheme& scheme) {
  const int bits = scheme.bits;
  if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
    throw Error(ErrorKind::BadInput,
                "bits is " + std::to_string(bits) + ", 2, 3, 4 and 8 are known");
  }
  const std::int64_t group = scheme.group_size;
  if (group != QuantScheme::kWholeRow && group != 32 && group != 64 && group != 128) {
    throw Error(ErrorKind::BadInput, "group size is " + std::to_string(group) +
                                         ", 32, 64, 128 and 0 (the whole row) are known");
  }
}

}  // namespace salient
