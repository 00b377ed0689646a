// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/pickle_machine.h"
#include "engine/checkpoint/pytorch_file.h"
#include "engine/checkpoint/tensor_reader.h"
#include "engine/error.h"
#include "tests/shared_data.h"
#include "tests/tiny_pytorch.h"

using namespace salient;
namespace fs = std::filesystem;

namespace {

void check_same_tensors(const Checkpoint& a, const Checkpoint& b) {
  REQUIRE(a.tensors().size() == b.tensors().size());
  for (const TensorInfo& tensor : a.tensors()) {
    const Tensor left = a.read(tensor.name, DType::F32);
    const Tensor right = b.read(tensor.name, DType::F32);
    const bool equal = std::ranges::equal(left.as<float>(), right.as<float>());
    CHECK_MESSAGE(equal, tensor.name);
  }
}

}  // namespace

TEST_CASE("a PyTorch file, its shards and safetensors give the same tensors") {
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    const tests::TemporaryFolder folder;
    const auto tiny = tests::make_tiny_checkpoint({.dtype = dtype});
    tests::write_folder(tiny, folder.path() / "safetensors");
    tests::write_pytorch_folder(tiny, folder.path() / "bin");
    tests::write_sharded_pytorch_folder(tiny, folder.path() / "shards");
    const auto expected = open_checkpoint(folder.path() / "safetensors");
    for (const char* name :
         {"bin", "bin/pytorch_model.bin", "shards", "shards/pytorch_model-00002-of-00002.bin"}) {
      CAPTURE(name);
      const auto found = open_checkpoint(folder.path() / name);
      CHECK(found->warnings().empty());
      CHECK(found->precision() == expected->precision());
      CHECK(found->files()[0].header_sha256.size() == 64);
      check_same_tensors(*expected, *found);
    }
  }
}

TEST_CASE("a folder with both kinds of weights is read from safetensors") {
  const tests::TemporaryFolder folder;
  const auto tiny = tests::make_tiny_checkpoint();
  tests::write_pytorch_folder(tiny, folder.path());
  tests::write_folder(tiny, folder.path());
  const auto checkpoint = open_checkpoint(folder.path());
  CHECK(checkpoint->files()[0].path.filename() == "model.safetensors");
}

TEST_CASE("the content of a weight file counts, not its name") {
  const auto tiny = tests::make_tiny_checkpoint();
  const auto check = [&](const char* name, const std::string& bytes, const char* says) {
    const tests::TemporaryFolder folder;
    tests::write_folder(tiny, folder.path());
    fs::remove(folder.path() / "model.safetensors");
    tests::write_bytes(folder.path() / name, bytes);
    const auto checkpoint = open_checkpoint(folder.path());
    REQUIRE(checkpoint->warnings().size() == 1);
    CHECK(checkpoint->warnings()[0].find(says) != std::string::npos);
    CHECK_NOTHROW(checkpoint->read("model.norm.weight", DType::F32));
  };
  check("pytorch_model.bin", tests::safetensors_bytes(tiny.tensors), "is a safetensors file");
  check("model.safetensors", tests::pytorch_bytes(tiny.tensors), "is a PyTorch file");
}

TEST_CASE("views, parameters and shared storages that torch wrote have torch's values") {
  const FileSource source(tests::source_file("tests/golden/torch_views.bin"));
  std::ifstream table(tests::source_file("tests/golden/torch_views.json"));
  const nlohmann::json golden = nlohmann::json::parse(table);
  const PytorchFile file = read_pytorch_file(source);
  CHECK(file.ignored.empty());
  REQUIRE(file.tensors.size() == golden.size());
  const std::map<std::string, std::string_view> types = {{"float32", "F32"},
                                                         {"float16", "F16"},
                                                         {"bfloat16", "BF16"},
                                                         {"int64", "I64"},
                                                         {"bool", "BOOL"}};
  for (const PytorchTensor& tensor : file.tensors) {
    CAPTURE(tensor.name);
    const nlohmann::json& expected = golden.at(tensor.name);
    CHECK(tensor.type->name == types.at(expected.at("dtype")));
    CHECK(tensor.shape == expected.at("shape").get<Shape>());
    if (!expected.contains("values")) continue;
    TensorInfo info{tensor.name,  std::string(tensor.type->name), tensor.shape, tensor.bytes, 0,
                    tensor.offset};
    const Tensor read = read_tensor(source, {info, tensor.type, {}, tensor.strides}, DType::F32);
    const auto values = expected.at("values").get<std::vector<float>>();
    CHECK(std::ranges::equal(read.as<float>(), values));
  }
  const auto find = [&](std::string_view name) {
    return *std::ranges::find(file.tensors, name, &PytorchTensor::name);
  };
  CHECK(find("tied").offset == find("parameter").offset);
  CHECK_FALSE(find("transposed").strides.empty());
  CHECK(find("half").strides.empty());
}

TEST_CASE("integers and nested values of a pickle are read as what they say") {
  using namespace tests::pickled;
  const std::string bytes =
      "\x80\x02" +
      tuple({integer(-3), integer(7), "\x8A\x01\xFF", std::string("\x8A\x00", 2), "K\x05", "N",
             "\x88", "](" + text("a") + text("b") + "e"}) +
      ".";
  const Pickle pickle = read_pickle(bytes, {}, "file");
  const PickleValue& top = pickle.values[pickle.top];
  REQUIRE(top.kind == PickleKind::Tuple);
  std::vector<std::int64_t> integers;
  for (std::size_t i = 0; i < 5; ++i) integers.push_back(pickle.values[top.items[i]].integer);
  CHECK(integers == std::vector<std::int64_t>{-3, 7, -1, 0, 5});
  CHECK(pickle.values[top.items[5]].kind == PickleKind::None);
  CHECK(pickle.values[top.items[6]].kind == PickleKind::Boolean);
  const PickleValue& list = pickle.values[top.items[7]];
  REQUIRE(list.items.size() == 2);
  CHECK(pickle.values[list.items[1]].text == "b");
}
