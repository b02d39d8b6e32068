#include "models/stores/hub_files.h"

#include <algorithm>
#include <cctype>

#include "models/stores/gguf_files.h"

namespace infinipot::models {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool is_first_part(const std::string& file) {
    const auto name = parse_gguf_name(file);
    return name && name->part == 1;
}

/// Returns whether a type stands in the name of a file, with a dot or a hyphen behind it.
bool has_type(const std::string& file, const std::string& type) {
    const std::string text = lower(file);
    const std::string word = lower(type);
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if (end < text.size() && (text[end] == '.' || text[end] == '-')) return true;
    }
    return false;
}

bool is_word(const std::string& text) {
    if (text.empty() || text.front() == '.' || text.front() == '-') return false;
    if (text.find("..") != std::string::npos || text.find("--") != std::string::npos) return false;
    return std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
}

}  // namespace

std::optional<HubName> parse_hub_name(const std::string& text) {
    const std::size_t colon = text.find(':');
    HubName name = {text.substr(0, colon)};
    if (colon != std::string::npos) {
        name.type = text.substr(colon + 1);
        if (!is_word(name.type)) return std::nullopt;
    }
    const std::size_t slash = name.repository.find('/');
    if (slash == std::string::npos) return std::nullopt;
    if (!is_word(name.repository.substr(0, slash)) || !is_word(name.repository.substr(slash + 1)))
        return std::nullopt;
    return name;
}

std::string hub_folder_name(const std::string& repository) {
    std::string name = repository;
    name.replace(name.find('/'), 1, "--");
    return "models--" + name;
}

std::optional<std::string> choose_hub_file(const std::vector<std::string>& files,
                                           const std::string& type) {
    std::vector<std::string> types = {"Q4_K_M", "Q8_0"};
    if (!type.empty()) types = {type};
    for (const std::string& each : types)
        for (const std::string& file : files)
            if (is_first_part(file) && has_type(file, each)) return file;
    if (!type.empty()) return std::nullopt;
    const auto first = std::ranges::find_if(files, is_first_part);
    if (first == files.end()) return std::nullopt;
    return *first;
}

}  // namespace infinipot::models
