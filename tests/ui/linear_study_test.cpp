// SPDX-License-Identifier: Apache-2.0
// What the knobs' search is made of, on the bundled toy and without a window.
#include "ui/bridge/linear_study.h"

#include <QTest>
#include <cmath>

#include "app/resources.h"
#include "engine/tokenizer/tokenizer.h"

using namespace salient;
using namespace salient::ui;

namespace {

constexpr std::int64_t kBlock = 1;

}  // namespace

class LinearStudyTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void itIsTheSearchThatARunMakes();
  void aChannelWhoseProducerIsZeroKeepsItsScale();
  void theOwnSettingsOfOneConsumerAreUsed();
  void aCodeStandsForTheWeightAndItsError();

 private:
  ScaledLinear search(const StudyRequest& request) {
    const StudyMaterial material{shape_, block_, stats_};
    return searchLinear(*backend_, material, request, SearchEffort::Exact, {});
  }

  std::unique_ptr<Backend> backend_ = make_cpu_backend(1);
  DecoderShape shape_;
  Block block_;
  ActivationStats stats_;
};

void LinearStudyTest::initTestCase() {
  const std::unique_ptr<Checkpoint> toy = open_checkpoint(app::toy_checkpoint());
  shape_ = make_decoder_shape(*toy);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(toy->tokenizer_source());
  CalibrationState state = embed_windows(
      *backend_, load_embedding(*toy, shape_, DType::F32),
      make_windows(*tokenizer, app::bundled_text("calibration"), {.samples = 4, .seq_len = 64}));
  for (std::int64_t block = 0; block <= kBlock; ++block) {
    block_ = load_block(*toy, shape_, block, DType::F32);
    stats_ = calibrate_block(*backend_, shape_, block_, state, {}, {});
  }
}

void LinearStudyTest::itIsTheSearchThatARunMakes() {
  BlockOptions options;
  options.settings = [](const LinearId&) { return LinearSettings{{4, 32}}; };
  const QuantizedBlock run =
      quantize_block(*backend_, shape_, block_, kBlock, stats_, options, {}, {});
  for (const LinearReport& report : run.reports) {
    StudyRequest request;
    request.linear = report.id;
    request.settings = report.settings;
    const ScaledLinear scaled = search(request);
    QCOMPARE(scaled.report.alpha, report.alpha);
    QVERIFY(scaled.channelScales == run.linears[index_of(report.id.role)].channel_scales);
  }
}

void LinearStudyTest::aChannelWhoseProducerIsZeroKeepsItsScale() {
  constexpr std::size_t kChannel = 5;
  const Tensor whole = block_.mlp_norm;
  block_.mlp_norm = whole.clone();
  block_.mlp_norm.as<float>()[kChannel] = 0.0F;
  StudyRequest request;
  request.linear = {kBlock, LinearRole::Gate};
  request.settings = {{4, 32}};
  request.settings.alpha = 0.5;
  const std::vector<float> scales = search(request).channelScales;
  block_.mlp_norm = whole;
  QCOMPARE(scales[kChannel], 1.0F);
  QVERIFY(std::abs(search(request).channelScales[kChannel] - 1.0F) > 1e-3F);
}

void LinearStudyTest::theOwnSettingsOfOneConsumerAreUsed() {
  StudyRequest request;
  request.linear = {kBlock, LinearRole::Up};
  request.settings = {{2, 32}};
  request.groupSettings = {LinearSettings{{4, 32}}, LinearSettings{{2, 32}}};
  const double coarse = search(request).report.loss_rtn;
  request.settings = {{4, 32}};
  request.groupSettings = {LinearSettings{{2, 32}}, LinearSettings{{4, 32}}};
  QVERIFY(coarse > 4 * search(request).report.loss_rtn);
}

void LinearStudyTest::aCodeStandsForTheWeightAndItsError() {
  StudyRequest request;
  request.linear = {kBlock, LinearRole::Down};
  request.settings = {{4, 32}};
  ScaledLinear scaled = search(request);
  const StudyMaterial material{shape_, block_, stats_};
  const BothRoundings both = measurePlanes(*backend_, material, request, scaled);
  const std::span<const float> weight = both.planes.weight.as<float>();
  const std::int64_t columns = both.planes.weight.dim(1);
  for (const auto& [rounded, error] : {std::pair{&both.rtn, &both.planes.rtn_error},
                                       std::pair{&both.awq, &both.planes.awq_error}}) {
    for (std::int64_t i = 0; i < both.planes.weight.size(); i += 7) {
      const double meant = static_cast<double>(weight[static_cast<std::size_t>(i)]) +
                           static_cast<double>(error->as<float>()[static_cast<std::size_t>(i)]);
      QVERIFY(rounded->code(i / columns, i % columns) < 16);
      QVERIFY(std::abs(rounded->value(i / columns, i % columns) - meant) < 1e-5);
    }
  }
}

QTEST_GUILESS_MAIN(LinearStudyTest)
#include "linear_study_test.moc"
