#include "report/pot_report.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <utility>

#include "base/byte_size.h"
#include "base/printable.h"
#include "eval/run/quantity.h"
#include "infinipot/infinipot.h"
#include "report/table.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string whole(int n) { return eval::count_text(static_cast<std::uint64_t>(n)); }

std::string time_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm local = {};
    if (::localtime_r(&time, &local) == nullptr) return "at an unknown time";
    std::array<char, 32> text;
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string names_of(const std::vector<TextRead>& texts) {
    std::string names;
    for (const TextRead& text : texts) names += (names.empty() ? "" : ", ") + text.name;
    return names;
}

Row row_of(const eval::PotFile& pot) {
    if (!pot.damage.empty()) return {pot.path.string(), "damaged"};
    const SnapshotInfo& info = pot.info;
    return {pot.path.string(),
            info.model,
            whole(info.n_kv) + "/" + whole(info.capacity),
            format_byte_size(info.file_bytes),
            time_text(info.saved_at),
            names_of(info.texts)};
}

}  // namespace

std::string facts_of(const SnapshotInfo& info) {
    std::string text =
        "model      " + printable_line(info.model + " (" + info.architecture + ")") + "\n";
    text += "policy     " + printable_line(info.policy) + ", " +
            std::string(to_string(info.schedule)) + "\n";
    text += "holds      " + std::to_string(info.n_kv) + " of " + std::to_string(info.capacity) +
            " entries of type " + std::string(to_string(info.kv_type)) + ", " +
            format_byte_size(info.file_bytes) + "\n";
    text += "has read   " + eval::count_text(info.tokens_read, "token") + ", " +
            eval::count_text(info.distillations, "distillation") + "\n";
    text += "saved      " + time_text(info.saved_at) + "\n";
    for (const TextRead& read : info.texts) {
        text += "text       " + printable_line(read.name) + ", " +
                eval::count_text(read.bytes, "byte") + "\n";
    }
    return text;
}

std::string table_of(const std::vector<eval::PotFile>& pots) {
    if (pots.empty()) return {};
    std::vector<Row> rows = {{"pot", "model", "entries", "size", "saved", "texts"}};
    for (const eval::PotFile& pot : pots) rows.push_back(row_of(pot));
    return aligned_table(std::move(rows));
}

Json to_json(const SnapshotInfo& info) {
    Json texts = Json::array();
    for (const TextRead& text : info.texts)
        texts.push_back({{"name", text.name}, {"bytes", text.bytes}, {"xxh3", text.hash}});
    return {{"model", info.model},
            {"architecture", info.architecture},
            {"policy", info.policy},
            {"schedule", to_string(info.schedule)},
            {"kv_type", to_string(info.kv_type)},
            {"capacity", info.capacity},
            {"n_kv", info.n_kv},
            {"bytes_read", info.bytes_read},
            {"tokens_read", info.tokens_read},
            {"distillations", info.distillations},
            {"saved_at", info.saved_at},
            {"file_bytes", info.file_bytes},
            {"texts", texts}};
}

Json to_json(const eval::PotFile& pot) {
    Json json = {{"file", pot.path.string()}, {"damaged", !pot.damage.empty()}};
    if (pot.damage.empty()) {
        json.update(to_json(pot.info));
    } else {
        json["damage"] = pot.damage;
    }
    return json;
}

}  // namespace infinipot::cli
