#include "interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::cli {
namespace {

std::atomic<bool> pressed = false;
std::atomic<Session*> watched = nullptr;
static_assert(std::atomic<Session*>::is_always_lock_free, "a signal handler reads it");

extern "C" void on_interrupt(int) {
    pressed = true;
    if (Session* session = watched) session->interrupt();
}

bool is_ignored(int signal = SIGINT) {
    struct sigaction current {};
    sigaction(signal, nullptr, &current);
    return current.sa_handler == SIG_IGN;
}

constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<const char*> doomed = nullptr;
static_assert(std::atomic<const char*>::is_always_lock_free, "a signal handler reads it");

/// Calls nothing but what a signal handler may.
extern "C" void delete_and_exit(int signal) {
    if (const char* file = doomed) ::unlink(file);
    constexpr std::string_view sentence = "infinipot: interrupted\n";
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, sentence.data(), sentence.size());
    ::_exit(128 + signal);
}

}  // namespace

InterruptGuard::InterruptGuard() {
    if (is_ignored()) return;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // and no SA_RESTART: a read() ends
    sigaction(SIGINT, &action, nullptr);
}

InterruptGuard::~InterruptGuard() {
    if (!is_ignored()) std::signal(SIGINT, SIG_DFL);
}

void InterruptGuard::check() const {
    if (pressed) throw Error(ErrorCode::interrupted, "interrupted");
}

InterruptibleSession::InterruptibleSession(Session& session) {
    watched = &session;
    if (pressed) session.interrupt();  // pressed just before
}

InterruptibleSession::~InterruptibleSession() { watched = nullptr; }

DeleteOnInterrupt::DeleteOnInterrupt(std::string file) : file_(std::move(file)) {
    doomed = file_.c_str();
    for (const int signal : ending_signals) {
        if (!is_ignored(signal)) std::signal(signal, delete_and_exit);
    }
}

DeleteOnInterrupt::~DeleteOnInterrupt() {
    for (const int signal : ending_signals) {
        if (!is_ignored(signal)) std::signal(signal, SIG_DFL);
    }
    doomed = nullptr;
}

}  // namespace infinipot::cli
