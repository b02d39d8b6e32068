#include "eval/results.h"

#include "infinipot/error.h"

namespace infinipot::eval {

Results::Results(const std::filesystem::path& path) : path_(path) {
    if (path.empty()) return;
    read();
    out_.open(path, std::ios::app);
    if (!out_) throw Error(ErrorCode::file_error, "cannot write to " + path.string());
}

void Results::read() {
    std::ifstream in(path_);
    std::string line;
    std::uintmax_t whole_bytes = 0;
    for (int number = 1; std::getline(in, line); ++number) {
        if (in.eof()) break;  // no newline: the writer was killed here
        const Json result = Json::parse(line, nullptr, false);
        if (!result.is_object() || !result.contains("id") || !result["id"].is_string()) {
            throw Error(ErrorCode::file_error, path_.string() + ", line " + std::to_string(number) +
                                                   ": this is not a result; give another file");
        }
        results_[result["id"]] = result;
        whole_bytes += line.size() + 1;
    }
    in.close();
    if (std::filesystem::exists(path_)) std::filesystem::resize_file(path_, whole_bytes);
}

std::optional<Results::Json> Results::find(const std::string& id) const {
    const auto at = results_.find(id);
    return at == results_.end() ? std::nullopt : std::optional(at->second);
}

void Results::add(const Json& result) {
    results_[result["id"]] = result;
    if (path_.empty()) return;
    out_ << result.dump() << std::endl;
    if (!out_) throw Error(ErrorCode::file_error, "cannot write to " + path_.string());
}

}  // namespace infinipot::eval
