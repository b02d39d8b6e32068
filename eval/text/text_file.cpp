#include "eval/text/text_file.h"

#include <fstream>
#include <iterator>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot::eval {

std::string read_text_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        throw Error(ErrorCode::file_error, "cannot read " + path.string());
    }
    std::string text(std::istreambuf_iterator<char>(file), {});
    require_utf8(text, path.string());
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    if (text.find_first_not_of(" \t\r\n\f\v") != std::string::npos) return text;
    throw Error(ErrorCode::file_error, path.string() + " is empty");
}

}  // namespace infinipot::eval
