#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

/// Files of other people's data. Whatever is wrong with one is an Error(file_error) or, where it is
/// not UTF-8, an Error(bad_text), whose sentence names the file and the line.
namespace infinipot::eval {

/// One JSON object, and where it stands.
class Record {
   public:
    using Json = nlohmann::json;

    Record(Json object, std::string where) : object_(std::move(object)), where_(std::move(where)) {}

    /// The values of keys that must be there.
    std::string text(const char* key) const;
    int whole_number(const char* key) const;
    double number(const char* key) const;
    std::vector<std::string> texts(const char* key) const;

    /// The same where null, or no such key, means none.
    std::vector<std::string> texts_if_any(const char* key) const;

    bool has(const char* key) const { return object_.contains(key); }

    [[noreturn]] void refuse(const std::string& what) const;  ///< "FILE, line 3: " and what

   private:
    const Json& at(const char* key) const;

    Json object_;
    std::string where_;
};

/// A file of one JSON object per line.
std::vector<Record> read_json_lines(const std::filesystem::path& path);

/// A file that is one JSON object.
Record read_json_file(const std::filesystem::path& path);

}  // namespace infinipot::eval
