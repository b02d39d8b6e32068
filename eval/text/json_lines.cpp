#include "eval/text/json_lines.h"

#include <fstream>
#include <iterator>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

std::ifstream open(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || fs::is_directory(path)) {
        throw Error(ErrorCode::file_error, "cannot read " + path.string());
    }
    return file;
}

Record parse(const std::string& text, const std::string& where) {
    require_utf8(text, where);
    Record::Json json = Record::Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        throw Error(ErrorCode::file_error, where + " is not a JSON object");
    }
    return {std::move(json), where};
}

std::vector<std::string> texts_of(const Record::Json& list) {
    std::vector<std::string> texts;
    for (const auto& each : list) {
        if (!each.is_string()) return {};
        texts.push_back(each.get<std::string>());
    }
    return texts;
}

}  // namespace

void Record::refuse(const std::string& what) const {
    throw Error(ErrorCode::file_error, where_ + ": " + what);
}

const Record::Json& Record::at(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse("there is no \"" + std::string(key) + '"');
    return *found;
}

std::string Record::text(const char* key) const {
    const Json& value = at(key);
    if (!value.is_string()) refuse('"' + std::string(key) + "\" is no text");
    return value.get<std::string>();
}

int Record::whole_number(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number_integer()) refuse('"' + std::string(key) + "\" is no whole number");
    return value.get<int>();
}

double Record::number(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number()) refuse('"' + std::string(key) + "\" is no number");
    return value.get<double>();
}

std::vector<std::string> Record::texts(const char* key) const {
    auto texts = texts_of(at(key));
    if (!at(key).is_array() || texts.empty()) {
        refuse('"' + std::string(key) + "\" is no list of texts");
    }
    return texts;
}

std::vector<std::string> Record::texts_if_any(const char* key) const {
    return has(key) && !at(key).is_null() ? texts(key) : std::vector<std::string>();
}

std::vector<Record> read_json_lines(const fs::path& path) {
    std::ifstream file = open(path);
    std::vector<Record> records;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        records.push_back(parse(line, path.string() + ", line " + std::to_string(number)));
    }
    if (records.empty()) throw Error(ErrorCode::file_error, path.string() + " is empty");
    return records;
}

Record read_json_file(const fs::path& path) {
    std::ifstream file = open(path);
    return parse({std::istreambuf_iterator<char>(file), {}}, path.string());
}

}  // namespace infinipot::eval
