#include "interrupt.h"

#include <atomic>
#include <csignal>

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

bool is_ignored() {
    struct sigaction current {};
    sigaction(SIGINT, nullptr, &current);
    return current.sa_handler == SIG_IGN;
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

}  // namespace infinipot::cli
