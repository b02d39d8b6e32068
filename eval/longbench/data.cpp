#include "eval/longbench/data.h"

#include <algorithm>
#include <set>
#include <utility>

#include "eval/run/fingerprint.h"
#include "eval/text/json_lines.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

fs::path items_file(const fs::path& folder, const LongBenchTask& task) {
    return folder / "data" / (std::string(task.name) + ".jsonl");
}

/// Returns the prompt template of a task, after checking that it is one.
std::string read_template(const fs::path& folder, const std::string& task) {
    const Record templates = read_json_file(folder / "config" / "dataset2prompt.json");
    try {
        fill_template(templates.text(task.c_str()), "", "");
    } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_argument) throw;
        templates.refuse('"' + task + "\": " + error.what());
    }
    return templates.text(task.c_str());
}

int read_max_tokens(const fs::path& folder, const std::string& task) {
    const Record lengths = read_json_file(folder / "config" / "dataset2maxlen.json");
    const int max_tokens = lengths.whole_number(task.c_str());
    if (max_tokens < 1) lengths.refuse('"' + task + "\" is less than one token");
    return max_tokens;
}

LongBenchItem read_item(const Record& record, const std::string& prompt_template) {
    Prompt prompt = fill_template(prompt_template, record.text("context"), record.text("input"));
    if (prompt.question.empty()) record.refuse("nothing follows the context of its prompt");
    return {.id = record.text("_id"),
            .prompt = std::move(prompt),
            .answers = record.texts("answers"),
            .all_classes = record.texts_if_any("all_classes"),
            .length = record.whole_number("length")};
}

std::vector<LongBenchItem> read_items(const fs::path& file, const LongBenchTask& task,
                                      const std::string& prompt_template) {
    std::vector<LongBenchItem> items;
    std::set<std::string> ids;
    for (const Record& record : read_json_lines(file)) {
        items.push_back(read_item(record, prompt_template));
        const LongBenchItem& item = items.back();
        if (!ids.insert(item.id).second) record.refuse("another item has the \"_id\" " + item.id);
        if (task.metric == Metric::classification && item.all_classes.empty()) {
            record.refuse("there is no \"all_classes\"");
        }
    }
    return items;
}

}  // namespace

LongBenchData read_longbench(const fs::path& folder, const LongBenchTask& task) {
    const std::string name(task.name);
    return {&task, read_max_tokens(folder, name),
            read_items(items_file(folder, task), task, read_template(folder, name))};
}

std::vector<const LongBenchTask*> longbench_tasks_in(const fs::path& folder) {
    std::vector<const LongBenchTask*> found;
    for (const LongBenchTask& task : longbench_tasks()) {
        if (fs::exists(items_file(folder, task))) found.push_back(&task);
    }
    if (!found.empty()) return found;
    throw Error(ErrorCode::file_error, "there are no tasks of LongBench in " +
                                           (folder / "data").string() + ", such as qasper.jsonl");
}

std::vector<LongBenchItem> sample(std::vector<LongBenchItem> items, std::size_t n,
                                  std::uint32_t seed) {
    if (n >= items.size()) return items;
    const auto rank = [&](const LongBenchItem& item) {
        return std::pair(hash(std::to_string(seed) + ":" + item.id), item.id);
    };
    std::vector<std::pair<std::uint64_t, std::string>> ranks;
    for (const LongBenchItem& item : items) ranks.push_back(rank(item));
    std::ranges::nth_element(ranks, ranks.begin() + static_cast<std::ptrdiff_t>(n));
    const auto first_left_out = ranks[n];
    std::erase_if(items, [&](const LongBenchItem& item) { return rank(item) >= first_left_out; });
    return items;
}

}  // namespace infinipot::eval
