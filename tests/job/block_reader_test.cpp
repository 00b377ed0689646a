// SPDX-License-Identifier: Apache-2.0
#include "engine/job/block_reader.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/model/decoder.h"
#include "tests/shared_data.h"

using namespace salient;

namespace {

bool same(const Block& a, const Block& b) {
  for (std::size_t i = 0; i < a.linears.size(); ++i) {
    const Tensor& x = std::get<DenseLinear>(a.linears[i]).weight;
    const Tensor& y = std::get<DenseLinear>(b.linears[i]).weight;
    if (x.shape() != y.shape() || !std::equal(x.data(), x.data() + x.bytes(), y.data())) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("blocks read ahead are the blocks, in order, out of order and left behind") {
  const auto source = open_checkpoint(salient::tests::source_file("resources/toy"));
  const DecoderShape shape = make_decoder_shape(*source);
  const std::int64_t count = shape.config.num_layers;
  for (const auto ahead : {BlockReader::Ahead::None, BlockReader::Ahead::One}) {
    BlockReader reader(*source, shape, count, ahead);
    for (const std::int64_t index :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, count - 1}) {
      CHECK(same(reader.take(index), load_block(*source, shape, index, DType::F32)));
    }
    reader.take(0);
  }
}

TEST_CASE("a device whose memory is the host's is not read ahead for") {
  CHECK(reading_ahead(*make_cpu_backend(1)) == BlockReader::Ahead::None);
}
