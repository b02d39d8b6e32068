#include "eval/run/results.h"

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "eval/run/spelling.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path) {
    throw Error(ErrorCode::file_error, "cannot write results to " + path.string());
}

bool has_id(const Results::Json& result) {
    return result.is_object() && result.contains("id") && result["id"].is_string();
}

}  // namespace

Results::Results(const fs::path& path, const std::function<bool(const Json&)>& is_whole)
    : path_(path) {
    if (path.empty()) return;
    read(is_whole);
    out_.open(path, std::ios::app);
    if (!out_) cannot_write(path);
}

void Results::read(const std::function<bool(const Json&)>& is_whole) {
    std::ifstream in(path_);
    std::string line;
    std::uintmax_t whole_bytes = 0;
    for (int number = 1; std::getline(in, line); ++number) {
        Json result = Json::parse(line, nullptr, false);
        spell_as_today(result);
        const bool cut_off = in.eof() && result.is_discarded() && line.starts_with('{');
        if (!cut_off && !(has_id(result) && is_whole(result))) {
            throw Error(ErrorCode::file_error, path_.string() + ", line " + std::to_string(number) +
                                                   ": this is not a result; give another file");
        }
        if (in.eof()) return cut(whole_bytes);  // no newline: the writer was killed in this line
        results_[result["id"]] = result;
        whole_bytes += line.size() + 1;
    }
}

void Results::cut(std::uintmax_t n_bytes) {
    std::error_code failure;
    fs::resize_file(path_, n_bytes, failure);
    if (failure) cannot_write(path_);
}

std::optional<Results::Json> Results::find(const std::string& id) const {
    const auto at = results_.find(id);
    return at == results_.end() ? std::nullopt : std::optional(at->second);
}

void Results::add(const Json& result) {
    results_[result["id"]] = result;
    if (path_.empty()) return;
    out_ << to_line(result) + '\n' << std::flush;
    if (!out_) cannot_write(path_);
}

std::string to_line(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, Results::Json::error_handler_t::replace);
}

}  // namespace infinipot::eval
