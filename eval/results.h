#pragma once

#include <filesystem>
#include <fstream>
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
    /// @throws Error(file_error) naming the line that is not a result.
    explicit Results(const std::filesystem::path& path);

    std::optional<Json> find(const std::string& id) const;

    /// @throws Error(file_error) if it cannot be written.
    void add(const Json& result);

   private:
    void read();

    std::filesystem::path path_;
    std::unordered_map<std::string, Json> results_;
    std::ofstream out_;
};

}  // namespace infinipot::eval
