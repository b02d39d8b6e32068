#include "terminal/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace infinipot::cli {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

bool may_style(std::FILE* stream) {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool refused = no_color != nullptr && *no_color != '\0';
    const bool dumb = term != nullptr && std::string_view(term) == "dumb";
    return is_terminal(stream) && !refused && !dumb;
}

int terminal_width(std::FILE* stream) {
    winsize size{};
    if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

std::string bold(std::string_view text, std::FILE* stream) {
    if (!may_style(stream)) return std::string(text);
    return "\x1b[1m" + std::string(text) + "\x1b[0m";
}

std::string faint(std::string_view text, std::FILE* stream) {
    if (!may_style(stream)) return std::string(text);
    return "\x1b[2m" + std::string(text) + "\x1b[0m";
}

void open_closed_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        if (::open("/dev/null", O_RDWR) != stream) std::abort();  // the lowest free one is `stream`
    }
}

void complain(std::string_view sentence) {
    std::string line = "infinipot: " + std::string(sentence);
    std::replace_if(line.begin(), line.end(), is_control, ' ');
    line += '\n';
    std::fputs(line.c_str(), stderr);
}

}  // namespace infinipot::cli
