// SPDX-License-Identifier: Apache-2.0
// Every row of the Architecture table against transformers.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include <doctest/doctest.h>

#include "engine/model/decoder.h"
#include "tests/model/family_model.h"
#include "tests/shared_data.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("logits of every family and form are those of transformers") {
  const auto backend = make_cpu_backend(1);
  const TemporaryFolder folder;
  for (const FamilyCase& golden : family_cases()) {
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    CHECK(checkpoint->warnings().empty());
    const Decoder decoder = load_decoder(*backend, *checkpoint, DType::F32);
    Sequence sequence =
        make_sequence(*backend, decoder.shape, static_cast<std::int64_t>(golden.ids.size()));
    const Tensor logits = forward(*backend, decoder, sequence, golden.ids, LogitsOf::EveryToken);
    const double difference = relative_difference(golden, logits);
    MESSAGE(golden.name << ": " << difference);
    CHECK(difference < 1e-4);
  }
}

TEST_CASE("every family fed in pieces gives the bits of one fed at once") {
  const auto backend = make_cpu_backend(2);
  const TemporaryFolder folder;
  for (const FamilyCase& golden : family_cases()) {
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    const Decoder decoder = load_decoder(*backend, *checkpoint, DType::F32);
    const auto count = static_cast<std::int64_t>(golden.ids.size());
    Sequence whole = make_sequence(*backend, decoder.shape, count);
    const Tensor expected = forward(*backend, decoder, whole, golden.ids, LogitsOf::LastToken);
    Sequence pieces = make_sequence(*backend, decoder.shape, count);
    const std::span ids(golden.ids);
    forward(*backend, decoder, pieces, ids.first(31), LogitsOf::LastToken);
    for (std::size_t i = 31; i + 1 < ids.size(); ++i) {
      forward(*backend, decoder, pieces, ids.subspan(i, 1), LogitsOf::LastToken);
    }
    const Tensor last = forward(*backend, decoder, pieces, ids.last(1), LogitsOf::LastToken);
    CHECK(std::memcmp(last.data(), expected.data(), last.bytes()) == 0);
  }
}

TEST_CASE("every row of the table has a golden model") {
  std::set<std::string> seen;
  const TemporaryFolder folder;
  for (const FamilyCase& golden : family_cases()) {
    seen.insert(open_checkpoint(write_family(golden, folder.path()))->config().model_type);
  }
  for (const Architecture* row : architectures()) {
    // The old name of a form that is there under the new one.
    if (row->model_type == "RefinedWeb") continue;
    CAPTURE(row->model_type);
    CHECK(seen.contains(std::string(row->model_type)));
  }
}
