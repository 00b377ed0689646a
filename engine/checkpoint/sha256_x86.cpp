// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/sha256_x86.h"

#include <stdexcept>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace salient {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kBlockBytes = 64;

__m128i load(const void* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}
void store(void* bytes, __m128i value) {
  _mm_storeu_si128(static_cast<__m128i*>(bytes), value);
}

/// The two halves in the order that the instructions want: A B E F and C D G H.
struct Halves {
  __m128i abef, cdgh;
};

__attribute__((target("sha,sse4.1"))) Halves rounds(Halves state, const std::byte* block,
                                                    std::span<const std::uint32_t, 64> constants) {
  const __m128i swap = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  __m128i words[4] = {};
  Halves next = state;
  for (std::size_t i = 0; i < 16; ++i) {
    __m128i& word = words[i % 4];
    if (i < 4) {
      word = _mm_shuffle_epi8(load(block + 16 * i), swap);
    } else {
      const __m128i last = words[(i + 3) % 4];
      const __m128i first = _mm_sha256msg1_epu32(word, words[(i + 1) % 4]);
      const __m128i middle = _mm_alignr_epi8(last, words[(i + 2) % 4], 4);
      word = _mm_sha256msg2_epu32(_mm_add_epi32(first, middle), last);
    }
    const __m128i keyed = _mm_add_epi32(word, load(constants.data() + 4 * i));
    next.cdgh = _mm_sha256rnds2_epu32(next.cdgh, next.abef, keyed);
    next.abef = _mm_sha256rnds2_epu32(next.abef, next.cdgh, _mm_shuffle_epi32(keyed, 0x0E));
  }
  return {_mm_add_epi32(state.abef, next.abef), _mm_add_epi32(state.cdgh, next.cdgh)};
}

}  // namespace

bool has_sha_instructions() {
  // gcc 12's __builtin_cpu_supports does not know "sha": CPUID leaf 7, EBX bit 29.
  static const bool found = [] {
    unsigned eax = 7;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ebx >> 29U & 1U) != 0 && __builtin_cpu_supports("sse4.1") != 0;
  }();
  return found;
}

__attribute__((target("sha,sse4.1"))) void compress_with_sha_instructions(
    std::span<std::uint32_t, 8> state, const std::byte* blocks, std::size_t count,
    std::span<const std::uint32_t, 64> constants) {
  const __m128i cdab = _mm_shuffle_epi32(load(state.data()), 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(load(state.data() + 4), 0x1B);
  Halves halves{_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
  for (std::size_t i = 0; i < count; ++i) {
    halves = rounds(halves, blocks + kBlockBytes * i, constants);
  }
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  store(state.data(), _mm_blend_epi16(feba, dchg, 0xF0));
  store(state.data() + 4, _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool has_sha_instructions() {
  return false;
}

void compress_with_sha_instructions(std::span<std::uint32_t, 8> /*state*/,
                                    const std::byte* /*blocks*/, std::size_t /*count*/,
                                    std::span<const std::uint32_t, 64> /*constants*/) {
  throw std::logic_error("no SHA instructions here");
}

#endif

}  // namespace salient
