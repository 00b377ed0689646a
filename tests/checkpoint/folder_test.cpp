// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <functional>

#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

using namespace salient;
namespace fs = std::filesystem;

namespace {

/// Of the processor: a machine that is busy with something else does not count.
double seconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// A Llama-2-7B by its headers: the data is a hole.
void write_sparse_7b(const fs::path& folder) {
  tests::TinyCheckpoint model = tests::make_tiny_checkpoint({.num_layers = 32});
  model.config["hidden_size"] = 4096;
  model.config["intermediate_size"] = 11008;
  model.config["num_attention_heads"] = 32;
  model.config["num_key_value_heads"] = 32;
  model.config["head_dim"] = 128;
  model.config["vocab_size"] = 32000;
  nlohmann::ordered_json header;
  std::uint64_t end = 0;
  for (const tests::TinyTensor& tensor : model.tensors) {
    Shape shape = tensor.shape;
    const bool mlp = tensor.name.find("mlp.") != std::string::npos;
    const bool down = tensor.name.find("down_proj") != std::string::npos;
    for (std::int64_t& dim : shape) dim = 4096;
    if (tensor.name.find("embed") != std::string::npos || tensor.name.find("lm_head") == 0) {
      shape[0] = 32000;
    }
    if (mlp) shape[down ? 1 : 0] = 11008;
    const std::uint64_t begin = end;
    end += 2 * static_cast<std::uint64_t>(element_count(shape));
    header[tensor.name] = {{"dtype", "F16"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  model.tensors.clear();
  tests::write_folder(model, folder);
  const std::string bytes = tests::safetensors_bytes(header.dump(), "");
  tests::write_bytes(folder / "model.safetensors", bytes);
  fs::resize_file(folder / "model.safetensors", bytes.size() + end);
}

}  // namespace

TEST_CASE("a folder opens with its config, tensors, tokenizer files and identity") {
  const tests::TemporaryFolder folder;
  const auto tiny = tests::make_tiny_checkpoint();
  tests::write_folder(tiny, folder.path() / "Tiny");
  tests::write_bytes(folder.path() / "Tiny/LICENSE", "free");
  tests::write_bytes(folder.path() / "Tiny/modeling.py", "import os");
  tests::write_bytes(folder.path() / "Tiny/chat_template.jinja", "{{ messages }}");
  const auto checkpoint = open_checkpoint(folder.path() / "Tiny");
  CHECK(checkpoint->format() == SourceFormat::HuggingFaceFolder);
  CHECK(checkpoint->config().name == "Tiny");
  CHECK(checkpoint->config().eos_ids == std::vector<std::int32_t>{2, 3});
  CHECK(checkpoint->tensors().size() == tiny.tensors.size());
  CHECK(checkpoint->precision() == "FP16");
  CHECK(checkpoint->already_quantized().empty());
  CHECK(checkpoint->warnings().empty());
  CHECK(checkpoint->tokenizer_source().chat_template == "{{ messages }}");
  CHECK(checkpoint->tokenizer_source().vocab_rows == 256);
  REQUIRE(checkpoint->files().size() == 2);
  CHECK(checkpoint->files()[0].path.filename() == "model.safetensors");
  CHECK(checkpoint->files()[0].header_sha256.size() == 64);
  CHECK(checkpoint->files()[1].header_sha256 == sha256_hex(tiny.config.dump(2)));
  std::vector<std::string> names;
  for (const fs::path& path : checkpoint->companion_files()) names.push_back(path.filename());
  CHECK(names == std::vector<std::string>{"LICENSE", "chat_template.jinja",
                                          "generation_config.json", "tokenizer.json",
                                          "tokenizer_config.json"});
  CHECK(checkpoint->has("model.norm.weight"));
  CHECK_FALSE(checkpoint->has("model.norm"));
  CHECK(checkpoint->parameter_count() == 106'816);
  CHECK_NOTHROW(open_checkpoint(folder.path() / "Tiny/model.safetensors"));
  CHECK_NOTHROW(open_checkpoint(folder.path() / "Tiny/config.json"));
}

TEST_CASE("shards give the same tensors as one file") {
  const tests::TemporaryFolder folder;
  const auto tiny = tests::make_tiny_checkpoint();
  tests::write_folder(tiny, folder.path() / "one");
  tests::write_sharded_folder(tiny, folder.path() / "many", 3);
  const auto one = open_checkpoint(folder.path() / "one");
  const auto many = open_checkpoint(folder.path() / "many");
  CHECK(many->warnings().empty());
  CHECK(many->files().size() == 4);
  REQUIRE(one->tensors().size() == many->tensors().size());
  for (const TensorInfo& tensor : one->tensors()) {
    const Tensor a = one->read(tensor.name, DType::F32);
    const Tensor b = many->read(tensor.name, DType::F32);
    const bool equal = std::ranges::equal(a.as<float>(), b.as<float>());
    CHECK_MESSAGE(equal, tensor.name);
  }
}

TEST_CASE("a cached repository opens through its links, other links are refused") {
  const tests::TemporaryFolder folder;
  const fs::path repository = folder.path() / "models--some--Model";
  const fs::path snapshot = repository / "snapshots" / "abc123";
  const auto tiny = tests::make_tiny_checkpoint();
  tests::write_folder(tiny, repository / "blobs");
  fs::create_directories(snapshot);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"}) {
    fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
  }
  const auto checkpoint = open_checkpoint(snapshot);
  CHECK(checkpoint->config().name == "some/Model");
  CHECK(checkpoint->companion_files().size() == 1);
  CHECK_NOTHROW(checkpoint->read("model.norm.weight", DType::F32));

  fs::remove(repository / "blobs" / "model.safetensors");
  try {
    open_checkpoint(snapshot);
    FAIL("a dangling link was opened");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("the download is not complete") != std::string::npos);
  }
}

TEST_CASE("a folder of the size of a 7B model opens within a second") {
  const tests::TemporaryFolder folder;
  write_sparse_7b(folder.path());
  std::unique_ptr<Checkpoint> checkpoint;
  CHECK(seconds([&] { checkpoint = open_checkpoint(folder.path()); }) < 1.0);
  CHECK(checkpoint->parameter_count() == 6'738'415'616);
  CHECK(checkpoint->read("model.norm.weight", DType::F16).size() == 4096);
}

TEST_CASE("the reference model stories260K opens and its values are plausible") {
  const auto folder = tests::shared_file("data/models/stories260K-hf");
  if (!folder) return;
  const auto checkpoint = open_checkpoint(*folder);
  CHECK(checkpoint->config().num_layers == 5);
  CHECK(checkpoint->config().tied_head);
  CHECK(checkpoint->precision() == "FP32");
  CHECK(checkpoint->tensors().size() == 47);
  for (const TensorInfo& tensor : checkpoint->tensors()) {
    const Tensor values = checkpoint->read(tensor.name, DType::F32);
    const auto largest = std::ranges::max(values.as<float>());
    CHECK(largest > 0.0F);
    CHECK(largest < 100.0F);
  }
}
