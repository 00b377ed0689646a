// SPDX-License-Identifier: Apache-2.0
#include "app/cli/result_table.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "engine/report/numbers.h"

namespace salient::app {
namespace {

using Json = nlohmann::ordered_json;

/// Quotes are doubled, so that a name stays one field.
std::string csv_field(const Json& value) {
  if (value.is_object()) return csv_field(value.at("median"));
  if (!value.is_string()) return value.is_null() ? "" : value.dump();
  std::string field = "\"";
  for (const char c : value.get_ref<const std::string&>()) {
    field += c == '"' ? "\"\"" : std::string(1, c);
  }
  return field + "\"";
}

std::string ranged(const Spread& spread) {
  return format_significant(spread.median, 3) + " (" + format_significant(spread.low, 3) + "–" +
         format_significant(spread.high, 3) + ")";
}

}  // namespace

void ResultTable::add(std::vector<Cell> row) {
  if (row.size() != columns_.size()) throw std::logic_error("a table row has other columns");
  rows_.push_back(std::move(row));
}

void ResultTable::print_markdown(Terminal& terminal) const {
  std::string head = "|", rule = "|";
  for (const Column& column : columns_) {
    if (column.title.empty()) continue;
    head += " " + column.title + " |";
    rule += "---|";
  }
  terminal.print(head);
  terminal.print(rule);
  for (const auto& row : rows_) {
    std::string line = "|";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].title.empty()) line += " " + row[i].text + " |";
    }
    terminal.print(line);
  }
}

void ResultTable::print_csv(Terminal& terminal) const {
  std::string head;
  for (const Column& column : columns_) head += (head.empty() ? "" : ",") + column.key;
  terminal.print(head);
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? "" : ",") + csv_field(row[i].value);
    }
    terminal.print(line);
  }
}

Json ResultTable::json() const {
  Json rows = Json::array();
  for (const auto& row : rows_) {
    Json object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[columns_[i].key] = row[i].value;
    rows.push_back(std::move(object));
  }
  return rows;
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

ResultTable::Cell cell_of(const Spread& spread) {
  return {ranged(spread), {{"median", spread.median}, {"low", spread.low}, {"high", spread.high}}};
}

ResultTable::Cell name_cell(const std::string& name) {
  std::string text;
  for (const char c : printable(name)) text += c == '|' ? "\\|" : std::string(1, c);
  return {text, printable(name)};
}

}  // namespace salient::app
