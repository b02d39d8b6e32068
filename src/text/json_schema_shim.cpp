#include "text/json_schema_shim.h"

#include <stdexcept>

void infinipot_refuse_conversion(std::FILE*, const char*, const char* warnings) {
    throw std::runtime_error(warnings);
}

std::string string_join(const std::vector<std::string>& values, const std::string& separator) {
    std::string joined;
    for (std::size_t i = 0; i < values.size(); ++i) joined += (i > 0 ? separator : "") + values[i];
    return joined;
}

std::vector<std::string> string_split(const std::string& text, const std::string& delimiter) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find(delimiter, begin)) != std::string::npos;) {
        parts.push_back(text.substr(begin, end - begin));
        begin = end + delimiter.size();
    }
    parts.push_back(text.substr(begin));
    return parts;
}

std::string string_repeat(const std::string& text, std::size_t n) {
    std::string repeated;
    for (std::size_t i = 0; i < n; ++i) repeated += text;
    return repeated;
}
