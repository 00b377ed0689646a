// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"

namespace salient::app {

void add_head_flag(CLI::App& app, HeadPrecision& head) {
  const std::map<std::string, HeadPrecision> names = {{"stored", HeadPrecision::AsStored},
                                                      {"fp16", HeadPrecision::Fp16},
                                                      {"int8", HeadPrecision::Int8}};
  app.add_option("--head", head, "precision of the head: stored, fp16 or int8")
      ->transform(CLI::CheckedTransformer(names, CLI::ignore_case));
}

}  // namespace salient::app
