#include "support/published_templates.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "support/paths.h"

namespace infinipot {

namespace fs = std::filesystem;

std::vector<fs::path> published_templates() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(llama_file("models/templates")))
        if (entry.path().extension() == ".jinja") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

std::string contents_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string test_name(const fs::path& path) {
    std::string name = path.stem();
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
}

}  // namespace infinipot
