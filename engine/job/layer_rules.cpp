// SPDX-License-Identifier: Apache-2.0
#include "engine/job/layer_rules.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include <pcre2.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/number_text.h"

namespace salient {
namespace {

/// Far above what a pattern over short names needs, and reached in milliseconds.
constexpr std::uint32_t kMatchLimit = 100'000;

class Pattern {
 public:
  explicit Pattern(const std::string& text) : text_(text) {
    int error = 0;
    std::size_t place = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, &error,
                              &place, nullptr));
    if (!code_) {
      std::array<unsigned char, 256> message{};
      pcre2_get_error_message(error, message.data(), message.size());
      const std::string words(message.begin(), std::ranges::find(message, 0));
      throw Error(ErrorKind::BadInput, "the pattern " + in_quotes(text) +
                                           " is wrong at character " + std::to_string(place) +
                                           ": " + words);
    }
    data_.reset(pcre2_match_data_create(1, nullptr));
    limits_.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(limits_.get(), kMatchLimit);
  }

  bool found_in(const std::string& name) const {
    const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(name.data()),
                                   name.size(), 0, 0, data_.get(), limits_.get());
    if (result >= 0) return true;
    if (result == PCRE2_ERROR_NOMATCH) return false;
    throw Error(ErrorKind::BadInput,
                "the pattern " + in_quotes(text_) + " takes too long on " + name + "; simplify it");
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  };
  std::string text_;
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
  std::unique_ptr<pcre2_match_context, Free> limits_;
};

void apply(const LayerRule& rule, LinearSettings& settings) {
  if (rule.bits) settings.scheme.bits = *rule.bits;
  if (rule.group_size) settings.scheme.group_size = *rule.group_size;
  if (rule.alpha) settings.alpha = rule.alpha;
  if (rule.method) settings.method = *rule.method;
  if (rule.clip) settings.clip = *rule.clip;
  if (rule.keep_fp16) settings.keep_fp16 = true;
}

void check_rule(const LayerRule& rule, const LinearSettings& defaults) {
  if (rule.alpha && !(*rule.alpha >= 0 && *rule.alpha <= 1)) {
    throw Error(ErrorKind::BadInput, "the rule for " + in_quotes(rule.pattern) + " has alpha " +
                                         number_text(*rule.alpha) + ", 0 to 1 is possible");
  }
  LinearSettings changed = defaults;
  apply(rule, changed);
  validate(changed.scheme);
}

/// The linears that serving engines run as one matrix with `role`.
std::vector<LinearRole> fused_with(const Architecture& row, LinearRole role) {
  for (const ScaleGroupRow& group : row.scale_groups) {
    if (std::ranges::find(group.consumers, role) != group.consumers.end()) {
      return {group.consumers.begin(), group.consumers.end()};
    }
  }
  return {role};
}

}  // namespace

std::vector<LinearId> linears_of(const DecoderShape& shape) {
  std::vector<LinearId> linears;
  for (std::int64_t block = 0; block < shape.config.num_layers; ++block) {
    for (const LinearRow& row : shape.architecture->linears) linears.push_back({block, row.role});
  }
  return linears;
}

std::vector<LinearSettings> settings_of(const DecoderShape& shape,
                                        const std::vector<LinearId>& linears,
                                        const JobOptions& options) {
  LinearSettings defaults;
  defaults.scheme = options.scheme;
  defaults.method = options.method;
  defaults.clip = options.method == Method::Rtn ? ClipMode::Off : options.clip;
  std::vector<LinearSettings> settings(linears.size(), defaults);
  for (const LayerRule& rule : options.layers) {
    check_rule(rule, defaults);
    const Pattern pattern(rule.pattern);
    bool matched = false;
    for (std::size_t i = 0; i < linears.size(); ++i) {
      const LinearId& id = linears[i];
      if (!pattern.found_in(shape.architecture->linear_name(id.block, id.role))) continue;
      apply(rule, settings[i]);
      matched = true;
    }
    if (!matched) {
      throw Error(ErrorKind::BadInput, "the pattern " + in_quotes(rule.pattern) +
                                           " matches no linear; names look like " +
                                           shape.architecture->linear_name(0, LinearRole::Query));
    }
  }
  return settings;
}

std::vector<std::string> widen_fused_linears(const DecoderShape& shape,
                                             const std::vector<LinearId>& linears,
                                             std::vector<LinearSettings>& settings) {
  std::map<LinearId, LinearSettings*> by_id;
  for (std::size_t i = 0; i < linears.size(); ++i) by_id[linears[i]] = &settings[i];
  std::vector<std::string> touched;
  for (const LinearId& id : linears) {
    if (by_id.at(id)->keep_fp16) continue;
    const std::vector<LinearRole> fused = fused_with(*shape.architecture, id.role);
    const bool widens = std::ranges::any_of(fused, [&](LinearRole role) {
      return by_id.at({id.block, role})->keep_fp16;
    });
    if (!widens) continue;
    by_id.at(id)->keep_fp16 = true;
    touched.push_back("layer " + std::to_string(id.block) + " " + std::string(short_name(id.role)));
  }
  return touched;
}

}  // namespace salient
