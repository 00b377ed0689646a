// SPDX-License-Identifier: Apache-2.0
#include "sample_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace salient::ui::sample {
namespace {

struct Tower {
  double place;  // share of the width
  float magnitude;
};

constexpr std::array<Tower, 15> kTowers = {{{0.03, 3.5F},
                                            {0.123, 2.3F},
                                            {0.342, 4.0F},
                                            {0.364, 2.7F},
                                            {0.407, 12.0F},
                                            {0.4415, 9.7F},
                                            {0.4423, 2.4F},
                                            {0.485, 3.5F},
                                            {0.598, 2.9F},
                                            {0.702, 10.1F},
                                            {0.7025, 2.35F},
                                            {0.713, 39.6F},
                                            {0.808, 2.4F},
                                            {0.829, 3.3F},
                                            {0.867, 4.4F}}};

}  // namespace

std::shared_ptr<const SpectrumData> spectrum(int channels) {
  std::mt19937 random(7);
  std::lognormal_distribution<float> body(-1.15F, 0.42F);
  auto data = std::make_shared<SpectrumData>();
  data->groupSize = 64;
  const auto count = static_cast<std::size_t>(channels);
  data->magnitudes.resize(count);
  for (float& magnitude : data->magnitudes) magnitude = std::min(body(random), 2.0F);
  for (const Tower& tower : kTowers) {
    data->magnitudes[static_cast<std::size_t>(tower.place * channels)] = tower.magnitude;
  }
  std::vector<float> sorted(data->magnitudes);
  std::nth_element(sorted.begin(), sorted.begin() + channels / 2, sorted.end());
  const float median = sorted[count / 2];
  for (const float magnitude : data->magnitudes) {
    data->channelScales.push_back(std::pow(magnitude / median, 0.6F));
  }
  return data;
}

HeatmapPlane errorPlane(int rows, const SpectrumData& data, Rounding rounding) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> unit(0, 1);
  const auto columns = data.magnitudes.size();
  auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(rows) * columns);
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    float step = 0.02F;
    for (std::size_t column = 0; column < columns; ++column) {
      if (column % 64 == 0) step = 0.01F + 0.03F * std::pow(unit(random), 4.0F);
      const float share = unit(random);
      float error = step * share * share * share * data.magnitudes[column];
      if (rounding == Rounding::Awq) {
        error *= 1.3F / std::max(0.5F, data.channelScales[column]);
      }
      (*values)[row * columns + column] = error;
    }
  }
  return {{values, values->data()},
          rows,
          static_cast<int>(columns),
          PlaneScale::Log,
          QStringLiteral("|error| × magnitude")};
}

HeatmapPlane gainPlane(int rows, const SpectrumData& data) {
  const HeatmapPlane rtn = errorPlane(rows, data, Rounding::Rtn);
  std::mt19937 random(13);
  std::normal_distribution<float> noise(0, 0.7F);
  auto values =
      std::make_shared<std::vector<float>>(static_cast<std::size_t>(rows) * data.magnitudes.size());
  for (std::size_t i = 0; i < values->size(); ++i) {
    const float scale = data.channelScales[i % data.magnitudes.size()];
    (*values)[i] = std::exp2(noise(random)) * scale;
  }
  return {{values, values->data()},
          rtn.rows,
          rtn.columns,
          PlaneScale::Ratio,
          QStringLiteral("error of RTN / error of AWQ")};
}

Curve curve(const QString& name, double depth, double start) {
  Curve result;
  result.name = name;
  for (int i = 0; i < 20; ++i) {
    const double alpha = i * 0.05;
    const double away = (alpha - 0.6) / 0.6;
    const double fall = std::log10(depth / start) * (1 - away * away * (alpha > 0.6 ? 0.55 : 1));
    result.points.push_back({alpha, start * std::pow(10.0, fall), PointState::Landed, {}});
  }
  return result;
}

HistogramData stepRatios() {
  HistogramData data;
  constexpr int kBins = 61;
  const auto bump = [](double at, double centre, double width) {
    return std::exp(-(at - centre) * (at - centre) / (2 * width * width));
  };
  for (int i = 0; i <= kBins; ++i) {
    data.edges.push_back(0.055 * std::pow(4.8 / 0.055, i / double{kBins}));
  }
  for (int i = 0; i < kBins; ++i) {
    data.salient.push_back(
        std::round(400 * bump(i, 25, 4.5) + 130 * bump(i, 14.5, 3) + 40 * bump(i, 4, 3)));
    data.others.push_back(std::round(90000 * bump(i, 42.5, 4.4)));
  }
  data.predicted = 0.21;
  data.quantity = QStringLiteral("(Δ′/Δ)/s");
  return data;
}

std::vector<RibbonToken> tokens() {
  std::mt19937 random(3);
  std::exponential_distribution<double> kl(9);
  const QString text = QStringLiteral(
      "One of the most fascinating creatures on the planet is the octopus . They are a cephal opod "
      ", a group of animals that belong to the phyl um Ceph al opoda . Oct opuses are incredibly "
      "intelligent and resourceful , with a complex social structure and a unique ability to "
      "manipulate their bodies . They are also known for their remarkable camouflage abilities , "
      "which allows them to blend seam lessly into their surroundings . And more");
  std::vector<RibbonToken> result;
  for (const QString& word : text.split(u' ')) {
    RibbonToken token;
    token.kl = std::min(kl(random), 0.7);
    token.text = word;
    result.push_back(token);
  }
  for (const std::size_t at : {16U, 20U, 23U, 28U, 35U, 43U, 56U, 61U, 64U}) {
    result[at].pick = TokenPick::Other;
    result[at].otherText = QStringLiteral("animals");
    result[at].kl += 0.1;
  }
  result[5].kl = 0.83;
  result[43].kl = 0.79;
  result[16].otherText = QStringLiteral("marine");
  return result;
}

std::vector<MapColumn> llamaColumns() {
  return {{QStringLiteral("q"), false},   {QStringLiteral("k"), false},
          {QStringLiteral("v"), false},   {QStringLiteral("o"), false},
          {QStringLiteral("gate"), true}, {QStringLiteral("up"), false},
          {QStringLiteral("down"), false}};
}

void fillMap(MapWidget& map, int finishedBlocks) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> unit(0, 1);
  constexpr std::array<float, 7> kTypical = {0.35F, 0.3F, 0.6F, 0.25F, 0.15F, 0.25F, 0.12F};
  for (int block = 0; block < finishedBlocks; ++block) {
    for (int column = 0; column < 7; ++column) {
      MapCell cell;
      cell.state = CellState::Done;
      cell.value = kTypical[static_cast<std::size_t>(column)] * (0.6F + 0.8F * unit(random));
      map.setCell(block, column, cell);
    }
  }
}

std::vector<SpeedBar> speedBars() {
  return {{ModelTone::Fp16, QStringLiteral("FP16"), 52.1, 74.4, 0.024, QStringLiteral("52.1 tok/s"),
           QStringLiteral("first token 24 ms"), QStringLiteral("70 % of read limit")},
          {ModelTone::Awq, QStringLiteral("AWQ"), 121, 175.4, 0.015, QStringLiteral("121 tok/s"),
           QStringLiteral("first token 15 ms"), QStringLiteral("69 % of read limit")}};
}

std::vector<DistanceStrip> distanceStrips() {
  const QString lower = QStringLiteral("lower is better");
  return {{QStringLiteral("KL divergence"),
           lower,
           {{ModelTone::Awq, QStringLiteral("AWQ"), 0.166, QStringLiteral("0.166")},
            {ModelTone::Rtn, QStringLiteral("RTN"), 0.342, QStringLiteral("0.342")}}},
          {QStringLiteral("Perplexity"),
           lower,
           {{ModelTone::Fp16, QStringLiteral("FP16"), 34.0, QStringLiteral("34.0")},
            {ModelTone::Awq, QStringLiteral("AWQ"), 41.4, QStringLiteral("41.4")},
            {ModelTone::Rtn, QStringLiteral("RTN"), 45.6, QStringLiteral("45.6")}}}};
}

}  // namespace salient::ui::sample
