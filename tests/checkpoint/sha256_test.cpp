// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/sha256.h"

#include <doctest/doctest.h>

using salient::Sha256;
using salient::sha256_hex;

TEST_CASE("SHA-256 gives the digests of the standard's examples") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 does not depend on how the bytes are cut") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  const std::string whole = sha256_hex(text);
  for (const std::size_t piece : {1U, 3U, 55U, 56U, 63U, 64U, 65U, 119U, 299U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      hash.update(std::string_view(text).substr(at, piece));
    }
    CHECK(hash.hex_digest() == whole);
  }
}

TEST_CASE("SHA-256 gives the same digests with and without the processor's instructions") {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += static_cast<char>(i * 31 + i / 7);
    CHECK(Sha256(salient::ShaInstructions::Never).update(text).hex_digest() == sha256_hex(text));
  }
}
