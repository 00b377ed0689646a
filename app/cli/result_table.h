// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of figures as Markdown for people, CSV for spreadsheets and JSON for programs.

#include <string>
#include <vector>

#include "app/cli/terminal.h"

namespace salient::app {

class ResultTable {
 public:
  struct Column {
    std::string key;    ///< of JSON and CSV
    std::string title;  ///< of Markdown; empty: not shown there
  };
  struct Cell {
    std::string text;              ///< for Markdown
    nlohmann::ordered_json value;  ///< for the others; of an object with "median", CSV shows that
  };

  explicit ResultTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void add(std::vector<Cell> row);

  void print_markdown(Terminal& terminal) const;
  void print_csv(Terminal& terminal) const;
  nlohmann::ordered_json json() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// A figure measured several times: "41.3 (40.9–41.5)".
struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread_of(std::vector<double> values);
ResultTable::Cell cell_of(const Spread& spread);
/// A text that comes from a file: made safe for a terminal and for a table.
ResultTable::Cell name_cell(const std::string& name);

}  // namespace salient::app
