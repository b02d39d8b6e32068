#include "chat/message_reader.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/utf8.h"
#include "infinipot/error.h"
#include "terminal/terminal.h"

#ifdef INFINIPOT_READLINE
#include <readline/history.h>
#include <readline/readline.h>
#endif

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* first_prompt = "> ";
constexpr const char* next_prompt = "... ";

std::atomic<int> signalled = 0;

extern "C" void on_signal(int signal) { signalled = signal; }

/// While it lives, Ctrl-C and SIGTERM end the reading of a line, and not the program. They wait
/// until the reader can take them, which is in wait_for_input() alone: no signal comes between a
/// look at `signalled` and a read that blocks.
class LineSignals {
   public:
    LineSignals() {
        signalled = 0;
        struct sigaction action {};
        action.sa_handler = on_signal;
        sigaction(SIGINT, &action, &before_int_);
        sigaction(SIGTERM, &action, &before_term_);
        sigset_t both{};
        sigemptyset(&both);
        sigaddset(&both, SIGINT);
        sigaddset(&both, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &both, &mask_before_);
    }
    ~LineSignals() {
        pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
        sigaction(SIGINT, &before_int_, nullptr);
        sigaction(SIGTERM, &before_term_, nullptr);
    }
    LineSignals(const LineSignals&) = delete;
    LineSignals& operator=(const LineSignals&) = delete;

   private:
    struct sigaction before_int_ {};
    struct sigaction before_term_ {};
    sigset_t mask_before_{};
};

/// Returns the file that keeps the lines of chats (XDG Base Directory Specification).
std::string history_file() {
    const char* const state = std::getenv("XDG_STATE_HOME");
    const char* const home = std::getenv("HOME");
    if (state != nullptr && *state != '\0') return std::string(state) + "/infinipot/chat_history";
    if (home == nullptr || *home == '\0') return {};
    return std::string(home) + "/.local/state/infinipot/chat_history";
}

std::string without_blanks(const std::string& text) {
    constexpr const char* blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Waits for standard input. Returns false after a signal, which may arrive here alone.
bool wait_for_input() {
    sigset_t none{};
    sigemptyset(&none);
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (signalled == 0) {
        if (::ppoll(&input, 1, nullptr, &none) > 0) return true;
        if (errno != EINTR) return true;  // reading will tell
    }
    return false;
}

/// Lines of standard input as they come, without std::cin, whose reads no signal could end safely.
class PipedLines {
   public:
    /// Returns the next line, an empty one after a signal, and nothing at the end.
    std::optional<std::string> next() {
        while (true) {
            const std::size_t end = buffer_.find('\n');
            if (end != std::string::npos) return take(end, end + 1);
            if (!wait_for_input()) return "";
            std::array<char, 4096> bytes;
            const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
            if (n > 0) {
                buffer_.append(bytes.data(), static_cast<std::size_t>(n));
            } else if (n == 0 || errno != EINTR) {
                if (buffer_.empty()) return std::nullopt;
                return take(buffer_.size(), buffer_.size());
            }
        }
    }

    /// Forgets a line that has begun.
    void forget() { buffer_.clear(); }

   private:
    std::string take(std::size_t length, std::size_t behind) {
        std::string line = buffer_.substr(0, length);
        buffer_.erase(0, behind);
        return line;
    }

    std::string buffer_;
} piped_lines;

#ifdef INFINIPOT_READLINE

constexpr int longest_history = 1000;

void begin_history(const std::string& file) {
    rl_readline_name = "infinipot";
    rl_catch_signals = 0;
    rl_bind_key('\t', rl_insert);
    using_history();
    if (!file.empty()) read_history(file.c_str());
}

void end_history(const std::string& file) {
    if (file.empty()) return;
    std::error_code ignored;
    fs::create_directories(fs::path(file).parent_path(), ignored);
    const mode_t before = ::umask(0077);  // what a person says is nobody else's business
    stifle_history(longest_history);
    write_history(file.c_str());
    ::umask(before);
}

/// What the callback below has been given.
struct Line {
    bool is_finished = false;
    bool is_end_of_input = false;
    std::string text = {};
} line_read;

void take_line(char* text) {
    line_read = {.is_finished = true, .is_end_of_input = text == nullptr};
    if (text != nullptr) line_read.text = text;
    std::free(text);
    rl_callback_handler_remove();
}

/// Returns an empty line after a signal.
std::optional<std::string> edited_line(const char* prompt) {
    line_read = {};
    rl_callback_handler_install(prompt, take_line);
    while (!line_read.is_finished) {
        if (wait_for_input()) {
            rl_callback_read_char();
            continue;
        }
        rl_free_line_state();
        rl_callback_sigcleanup();
        rl_callback_handler_remove();
        return "";
    }
    if (line_read.is_end_of_input) return std::nullopt;
    return line_read.text;
}

void remember(const std::string& message) { add_history(message.c_str()); }

#else

void begin_history(const std::string&) {}
void end_history(const std::string&) {}
void remember(const std::string&) {}

std::optional<std::string> edited_line(const char* prompt) {
    std::fputs(prompt, stdout);
    std::fflush(stdout);
    return piped_lines.next();
}

#endif

}  // namespace

MessageReader::MessageReader()
    : interactive_(is_terminal(stdin) && is_terminal(stdout)), history_file_(history_file()) {
    if (interactive_) begin_history(history_file_);
}

MessageReader::~MessageReader() {
    if (interactive_) end_history(history_file_);
}

std::optional<std::string> MessageReader::line(const char* prompt) const {
    return interactive_ ? edited_line(prompt) : piped_lines.next();
}

std::optional<std::string> MessageReader::next() {
    const LineSignals signals;
    std::string message;
    const char* prompt = first_prompt;
    while (true) {
        const std::optional<std::string> text = line(prompt);
        if (signalled == SIGTERM) throw Error(ErrorCode::interrupted, "the chat was ended");
        if (signalled == SIGINT) {
            if (!interactive_) throw Error(ErrorCode::interrupted, "the chat was interrupted");
            std::fputs("\n(Ctrl-D or /quit ends the chat)\n", stdout);
            signalled = 0;
            message.clear();
            prompt = first_prompt;
            piped_lines.forget();
            continue;
        }
        if (!text && message.empty()) return std::nullopt;
        message += text.value_or("");
        const bool goes_on = text && message.ends_with('\\');
        if (goes_on) message.back() = '\n';
        if (goes_on) prompt = next_prompt;
        if (!goes_on) break;
    }
    message = without_blanks(message);
    require_utf8(message, "the message");
    if (interactive_ && !message.empty()) remember(message);
    return message;
}

}  // namespace infinipot::cli
