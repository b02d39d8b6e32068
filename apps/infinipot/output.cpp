#include "output.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "infinipot/error.h"

namespace infinipot::cli {

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
        std::fflush(stdout) == 0) {
        return;
    }
    if (errno == EPIPE) throw ClosedOutput();
    throw Error(ErrorCode::file_error,
                "cannot write to the standard output: " + std::generic_category().message(errno));
}

}  // namespace infinipot::cli
