#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>

namespace infinipot::eval {

/// Results of an experiment: one JSON object per line, each with an "id" that names its settings.
/// A line is written whole as soon as its item is done, so that a run which was killed goes on
/// where it was: items whose id is there already need not be computed again.
class Results {
   public:
    using Json = nlohmann::ordered_json;

    /// Reads what is there. A last line that was cut off is dropped. Empty path: nothing is kept.
    /// @param is_whole whether an object with an id has all else that the experiment reads back.
    /// @throws Error(file_error) naming the line that is not a result.
    Results(const std::filesystem::path& path, const std::function<bool(const Json&)>& is_whole);

    std::optional<Json> find(const std::string& id) const;

    /// @throws Error(file_error) if it cannot be written.
    void add(const Json& result);

   private:
    void read(const std::function<bool(const Json&)>& is_whole);
    void cut(std::uintmax_t n_bytes);

    std::filesystem::path path_;
    std::unordered_map<std::string, Json> results_;
    std::ofstream out_;
};

/// As one line, with what is not UTF-8 replaced.
std::string to_line(const nlohmann::ordered_json& json);

}  // namespace infinipot::eval
