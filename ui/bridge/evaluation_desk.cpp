// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/evaluation_desk.h"

#include <utility>

#include "engine/job/run_record.h"

namespace salient::ui {
namespace {

/// The source with every linear of the plan rounded plainly at its own scheme.
Decoder roundedPlainly(Backend& backend, const Decoder& source, const Plan& plan) {
  Decoder rounded = source;
  for (std::size_t i = 0; i < plan.linears.size(); ++i) {
    const LinearSettings& settings = plan.settings.at(i);
    if (settings.keep_fp16) continue;
    Block& block = rounded.blocks.at(static_cast<std::size_t>(plan.linears[i].block));
    Linear& linear = block[plan.linears[i].role];
    const DenseLinear dense = std::get<DenseLinear>(linear);
    const Tensor weight = backend.upload(backend.download(dense.weight).to(DType::F32));
    linear = backend.pack(backend.quantize({weight, {}, nullptr, settings.scheme}), dense.bias);
  }
  return rounded;
}

}  // namespace

void evaluateRun(Backend& backend, JobId job, const EvaluationRequest& request,
                 const std::stop_token& stop, const std::function<void(Message)>& post,
                 const std::function<void()>& between) {
  const auto source = load_model(backend, request.plan.options.source, {});
  if (!source->tokenizer) {
    throw Error(ErrorKind::BadInput, "Without a tokenizer in the model there is no text to score.");
  }
  const std::vector<std::vector<std::int32_t>> windows =
      evaluation_windows(*source->tokenizer, request.text, request.options);
  const auto compare = [&](Compared what, const Decoder& decoder) {
    Evaluation evaluation = evaluate(backend, source->decoder, &decoder, windows, stop,
                                     [&](std::int64_t done, std::int64_t total) {
                                       post(EvaluationProgressed{job, what, done, total});
                                       between();
                                     });
    evaluation.text_name = request.textName;
    post(EvaluationMeasured{job, what, evaluation});
    return evaluation;
  };
  const auto run = load_model(backend, request.plan.options.target, {});
  const Evaluation awq = compare(Compared::Awq, run->decoder);
  const Evaluation rtn =
      compare(Compared::Rtn, roundedPlainly(backend, source->decoder, request.plan));
  // The run remembers what was measured, for its report and for the next time it is opened.
  RunSummary summary = open_run_record(request.plan.options.target).summary;
  summary.awq_against_fp16 = awq;
  summary.rtn_against_fp16 = rtn;
  store_measurements(request.plan.options.target, summary);
}

}  // namespace salient::ui
