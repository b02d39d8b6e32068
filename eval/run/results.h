#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>

namespace infinipot::eval {

/// The results of an experiment: a file with one JSON object per line, each with an "id" that names
/// its settings. Each line is written whole as soon as its item is done. A run that was killed
/// therefore continues with the items whose id is not in the file.
class Results {
   public:
    using Json = nlohmann::ordered_json;

    /// Reads the results that the file has. Drops a last line that was cut off. With an empty path
    /// nothing is written.
    /// @param is_whole returns whether an object with an id has all other members that the
    /// experiment reads back
    /// @throws Error(file_error) naming the line that is not a result
    Results(const std::filesystem::path& path, const std::function<bool(const Json&)>& is_whole);

    std::optional<Json> find(const std::string& id) const;

    /// @throws Error(file_error) if the file cannot be written
    void add(const Json& result);

   private:
    void read(const std::function<bool(const Json&)>& is_whole);
    void cut(std::uintmax_t n_bytes);

    std::filesystem::path path_;
    std::unordered_map<std::string, Json> results_;
    std::ofstream out_;
};

/// Returns the object as one line. Bytes that are not UTF-8 are replaced.
std::string to_line(const nlohmann::ordered_json& json);

}  // namespace infinipot::eval
