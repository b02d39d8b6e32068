#include "chat/message_reader.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

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

/// While it lives, Ctrl-C and SIGTERM end the reading of a line, and not the program. `blocked`:
/// they wait until the reader can take them.
class LineSignals {
   public:
    explicit LineSignals(bool blocked) {
        signalled = 0;
        struct sigaction action {};
        action.sa_handler = on_signal;
        sigaction(SIGINT, &action, &before_int_);
        sigaction(SIGTERM, &action, &before_term_);
        sigset_t both{};
        sigemptyset(&both);
        sigaddset(&both, SIGINT);
        sigaddset(&both, SIGTERM);
        pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &both, &mask_before_);
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

#ifdef INFINIPOT_READLINE

constexpr bool edits_lines = true;
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

/// Waits for a key. Returns false after a signal, which may arrive here alone.
bool wait_for_key() {
    sigset_t none{};
    sigemptyset(&none);
    pollfd key{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (signalled == 0) {
        if (::ppoll(&key, 1, nullptr, &none) > 0) return true;
        if (errno != EINTR) return true;  // reading will tell
    }
    return false;
}

/// Returns an empty line after a signal.
std::optional<std::string> edited_line(const char* prompt) {
    line_read = {};
    rl_callback_handler_install(prompt, take_line);
    while (!line_read.is_finished) {
        if (wait_for_key()) {
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

constexpr bool edits_lines = false;
void begin_history(const std::string&) {}
void end_history(const std::string&) {}
void remember(const std::string&) {}

std::optional<std::string> edited_line(const char* prompt) {
    std::fputs(prompt, stdout);
    std::fflush(stdout);
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
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
    if (interactive_) return edited_line(prompt);
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
}

std::optional<std::string> MessageReader::next() {
    const LineSignals signals(interactive_ && edits_lines);
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
            std::cin.clear();
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
