#include "models/stores/gguf_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <system_error>

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".gguf";

/// Words in the names of files that belong to a model and are none themselves.
constexpr std::array<std::string_view, 6> companions = {"mmproj",  "imatrix", "mtp-",
                                                        "eagle3-", "dflash-", "dspark-"};

bool is_digits(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

int number(std::string_view digits) { return std::stoi(std::string(digits)); }

/// Takes "-00001-of-00002" off the end.
void take_part(GgufName& name) {
    constexpr std::string_view pattern = "-00001-of-00002";
    if (name.stem.size() <= pattern.size()) return;
    const std::string end = name.stem.substr(name.stem.size() - pattern.size());
    const std::string_view part = std::string_view(end).substr(1, 5);
    const std::string_view n_parts = std::string_view(end).substr(10);
    if (end[0] != '-' || end.substr(6, 4) != "-of-") return;
    if (!is_digits(part) || !is_digits(n_parts)) return;
    name.part = number(part);
    name.n_parts = number(n_parts);
    name.stem.resize(name.stem.size() - pattern.size());
}

std::string last_word(const std::string& stem) {
    const std::size_t begin = stem.find_last_of("-./");
    if (begin == std::string::npos || stem[begin] == '/') return {};
    std::string word = stem.substr(begin + 1);
    const auto is_of_a_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    if (!std::ranges::all_of(word, is_of_a_word)) return {};
    for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return word;
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void collect(const fs::path& folder, int depth, std::vector<fs::path>& files) {
    std::error_code error;
    for (fs::directory_iterator i(folder, error); !error && i != fs::directory_iterator();
         i.increment(error)) {
        std::error_code ignored;
        if (is_hidden(i->path())) continue;
        if (depth > 0 && fs::is_directory(i->path(), ignored)) collect(i->path(), depth - 1, files);
        const auto name = parse_gguf_name(i->path().filename().string());
        if (name && name->part == 1 && fs::is_regular_file(i->path(), ignored))
            files.push_back(i->path());
    }
}

}  // namespace

std::optional<GgufName> parse_gguf_name(std::string_view text) {
    if (!text.ends_with(ending) || text.size() == ending.size()) return std::nullopt;
    const std::string_view file = text.substr(text.rfind('/') + 1);
    for (const std::string_view word : companions)
        if (file.find(word) != std::string_view::npos) return std::nullopt;
    GgufName name;
    name.stem = text.substr(0, text.size() - ending.size());
    take_part(name);
    name.type = last_word(name.stem);
    return name;
}

std::string part_name(const GgufName& name, int part) {
    if (name.n_parts == 1) return name.stem + std::string(ending);
    std::array<char, 32> place;
    std::snprintf(place.data(), place.size(), "-%05d-of-%05d", part, name.n_parts);
    return name.stem + place.data() + std::string(ending);
}

std::vector<fs::path> model_files(const fs::path& folder, int depth) {
    std::vector<fs::path> files;
    collect(folder, depth, files);
    std::ranges::sort(files);
    return files;
}

}  // namespace infinipot::models
