#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

/// Readers of published data. A fault in a file is an Error(file_error), or an Error(bad_text) if
/// the file is not UTF-8. The sentence names the file and the line.
namespace infinipot::eval {

/// One JSON object and its place.
class Record {
   public:
    using Json = nlohmann::json;

    Record(Json object, std::string where) : object_(std::move(object)), where_(std::move(where)) {}

    /// Return the values of keys that must exist.
    std::string text(const char* key) const;
    int whole_number(const char* key) const;
    double number(const char* key) const;
    std::vector<std::string> texts(const char* key) const;

    /// Returns the texts of a key; none if the key is missing or null.
    std::vector<std::string> texts_if_any(const char* key) const;

    bool has(const char* key) const { return object_.contains(key); }

    [[noreturn]] void refuse(const std::string& what) const;  ///< throws "FILE, line 3: " and what

   private:
    const Json& at(const char* key) const;

    Json object_;
    std::string where_;
};

/// Reads a file with one JSON object per line.
std::vector<Record> read_json_lines(const std::filesystem::path& path);

/// Reads a file that is one JSON object.
Record read_json_file(const std::filesystem::path& path);

}  // namespace infinipot::eval
