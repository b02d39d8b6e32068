#include "text/json_nesting.h"

#include <algorithm>

namespace infinipot {

int json_nesting(std::string_view json) {
    int now = 0, most = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') ++i;
        if (in_string) continue;
        if (c == '[' || c == '{') most = std::max(most, ++now);
        if (c == ']' || c == '}') --now;
    }
    return most;
}

}  // namespace infinipot
