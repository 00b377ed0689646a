// SPDX-License-Identifier: Apache-2.0
// Input: a chat template. It ends within its bounds, in at most 1 MiB of valid UTF-8 or in an
// error.
#include "engine/tokenizer/chat_template.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = chat_context({{"system", "Be short."},
                                            {"user", "Where does the river end?"},
                                            {"assistant", "In the sea.\n"},
                                            {"user", "<|im_end|>"}},
                                           "<s>", "</s>");
  try {
    const std::string text = ChatTemplate(fuzz::text_of(data, size)).render(context);
    fuzz::require(text.size() <= (1U << 20U) && !find_invalid_utf8(text));
  } catch (const Error& error) {
    // raise_exception says what the template's author wrote: any text, but text.
    fuzz::require(!find_invalid_utf8(error.what()));
  }
  return 0;
}
