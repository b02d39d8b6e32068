#include "terminal/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::cli {
namespace {

std::atomic<bool> pressed = false;
std::atomic<bool> terminated = false;

std::mutex watched_mutex;
std::set<Session*> watched;

std::atomic<std::int64_t> pressed_at_ms = 0;

std::int64_t now_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// A key press may arrive twice: from the terminal, and from a parent program that forwards it. A
/// signal within this time is not a second press.
constexpr std::int64_t same_press_ms = 250;

/// Calls nothing but what a signal handler may.
extern "C" void on_interrupt(int signal) {
    if (pressed && now_ms() - pressed_at_ms > same_press_ms) {
        std::signal(signal, SIG_DFL);
        ::raise(signal);  // the signal takes effect when this handler returns
        return;
    }
    if (!pressed) pressed_at_ms = now_ms();
    if (signal == SIGTERM) terminated = true;
    pressed = true;
}

/// Interrupts the sessions after a press. A signal handler cannot do that, because a session might
/// be in destruction. This thread blocks signals: a signal must end the read() of the thread that
/// reads.
void watch(const std::stop_token& end) {
    constexpr std::chrono::milliseconds patience(20);  // polls, because a handler cannot notify
    std::condition_variable_any never_notified;
    std::unique_lock lock(watched_mutex);
    while (!pressed && !end.stop_requested()) {
        never_notified.wait_for(lock, end, patience, [] { return pressed.load(); });
    }
    if (!pressed) return;
    for (Session* session : watched) session->interrupt();
}

bool is_ignored(int signal = SIGINT) {
    struct sigaction current {};
    sigaction(signal, nullptr, &current);
    return current.sa_handler == SIG_IGN;
}

/// Returns Ctrl-C and SIGTERM.
sigset_t both_signals() {
    sigset_t both{};
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    return both;
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
    pressed = terminated = false;
    if (is_ignored()) return;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = 0;  // no SA_RESTART: a signal ends a read()
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);

    sigset_t all{}, before{};
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    watcher_ = std::jthread(watch);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const sigset_t both = both_signals();
    pthread_sigmask(SIG_UNBLOCK, &both, &mask_before_);
}

InterruptGuard::~InterruptGuard() {
    if (is_ignored()) return;
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);  // first, so that none finds no handler
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

HeldSignals::HeldSignals() {
    const sigset_t both = both_signals();
    pthread_sigmask(SIG_BLOCK, &both, &mask_before_);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

void check_interrupted() {
    if (pressed) throw Error(ErrorCode::interrupted, "interrupted");
}

bool InterruptGuard::is_terminated() const { return terminated; }

InterruptibleSession::InterruptibleSession(Session& session) : session_(session) {
    const std::lock_guard lock(watched_mutex);
    watched.insert(&session_);
    if (pressed) session_.interrupt();  // pressed before the session was registered
}

InterruptibleSession::~InterruptibleSession() {
    const std::lock_guard lock(watched_mutex);
    watched.erase(&session_);
}

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
