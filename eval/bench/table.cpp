#include "eval/bench/table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

/// A column: its title, the member of the row, a factor and the number of decimals.
struct Column {
    std::string_view title;
    Json::json_pointer where;
    double unit = 1;
    int decimals = 0;
    bool only_if_written = false;  ///< rows without a question lack it
};

const std::vector<Column>& columns() {
    using Where = Json::json_pointer;
    constexpr double mib = 1.0 / (1 << 20);
    static const std::vector<Column> all = {
        {"pot", Where("/budget/capacity")},
        {"depth", Where("/depth")},
        {"length", Where("/length")},
        {"batch", Where("/batch")},
        {"threads", Where("/threads")},
        {"read/s", Where("/prefill_tokens_per_second"), 1, 1},
        {"GFLOP/s", Where("/prefill_gflops"), 1, 1},
        {"cat%", Where("/catalyst_share"), 100, 1},
        {"nov%", Where("/surprisal_share"), 100, 1},
        {"sel%", Where("/select_share"), 100, 1},
        {"gat%", Where("/gather_share"), 100, 1},
        {"TTFT s", Where("/ttft_seconds"), 1, 2, true},
        {"write/s", Where("/decode_tokens_per_second"), 1, 1, true},
        {"GB/s", Where("/decode_gb_per_second"), 1, 1, true},
        {"KV MiB", Where("/pot_bytes"), mib, 1},
        {"peak MiB", Where("/peak_rss_bytes"), mib, 0},
    };
    return all;
}

std::string decimal(double value, int decimals) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string cell(const Json& row, const Column& column) {
    if (!row.contains(column.where)) return "-";
    return decimal(row.at(column.where).get<double>() * column.unit, column.decimals);
}

std::vector<std::string> titles() {
    std::vector<std::string> line;
    for (const Column& column : columns()) line.emplace_back(column.title);
    line.emplace_back("KV, policy");
    return line;
}

std::vector<std::string> cells(const Json& row) {
    std::vector<std::string> line;
    for (const Column& column : columns()) line.push_back(cell(row, column));
    line.push_back(row.at("kv_type").get<std::string>() + ", " +
                   row.at("policy").get<std::string>());
    return line;
}

/// Aligns numbers to the right, and leaves the last column, of names, as it is.
std::string aligned(const std::vector<std::vector<std::string>>& lines) {
    std::vector<std::size_t> widths(columns().size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], line[i].size());
        }
    }
    std::string text;
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            text += std::string(widths[i] - line[i].size(), ' ') + line[i] + "  ";
        }
        text += line.back() + '\n';
    }
    return text;
}

std::string machine_line(const Json& row) {
    const Json& machine = row.at("machine");
    const auto threads = row.at("threads").get<int>();
    const auto q8_0 = machine.at("q8_0_gflops").get<double>();
    return std::to_string(threads) + (threads == 1 ? " thread" : " threads") +
           " of this machine: triad " +
           decimal(machine.at("triad_gb_per_second").get<double>(), 1) +
           " GB/s, matrix product in F32 " + decimal(machine.at("f32_gflops").get<double>(), 1) +
           " GFLOP/s" + (q8_0 > 0 ? ", in Q8_0 " + decimal(q8_0, 1) + " GFLOP/s" : "") + "\n";
}

/// Returns a line for every number of threads, with its first measurement. Rows of other devices
/// have none, because the speed of the CPU says nothing about them.
std::string machine_lines(const std::vector<Json>& rows) {
    std::vector<int> told;
    std::string text;
    for (const Json& row : rows) {
        const auto threads = row.at("threads").get<int>();
        if (row.value("device", "cpu") != "cpu") continue;
        if (std::ranges::find(told, threads) != told.end()) continue;
        told.push_back(threads);
        text += machine_line(row);
    }
    return text;
}

bool has_number(const Json& row, const Json::json_pointer& where) {
    return row.contains(where) && row.at(where).is_number();
}

}  // namespace

std::string bench_table(const std::vector<Json>& rows) {
    std::vector<std::vector<std::string>> lines = {titles()};
    for (const Json& row : rows) lines.push_back(cells(row));
    return machine_lines(rows) + "\n" + aligned(lines);
}

bool is_bench_row(const Json& row) {
    for (const Column& column : columns()) {
        if (column.only_if_written && !row.contains(column.where)) continue;
        if (!has_number(row, column.where)) return false;
    }
    for (const char* speed : {"triad_gb_per_second", "f32_gflops", "q8_0_gflops"}) {
        if (!has_number(row, Json::json_pointer("/machine") / std::string(speed))) return false;
    }
    return row.contains("policy") && row["policy"].is_string();
}

}  // namespace infinipot::eval
