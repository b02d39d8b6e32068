#pragma once

#include <csignal>
#include <string>
#include <thread>

#include "infinipot/session.h"

namespace infinipot::cli {

/// @throws Error(interrupted) if Ctrl-C was pressed while the last InterruptGuard lived.
void check_interrupted();

/// While it lives, the first Ctrl-C or SIGTERM requests the end of the work and the second one
/// kills the program. Only one guard may live at a time. If Ctrl-C was ignored, as under nohup, it
/// stays ignored.
class InterruptGuard {
   public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    /// @throws Error(interrupted) if Ctrl-C was pressed.
    void check() const { check_interrupted(); }

    /// Returns whether SIGTERM asks for the end of the program.
    bool is_terminated() const;

   private:
    sigset_t mask_before_{};
    std::jthread watcher_;  // passes a press on to the sessions
};

/// While it lives, Ctrl-C and SIGTERM wait until somebody takes them: an InterruptGuard, or the
/// reader of a line. Threads that are started meanwhile leave them to the calling thread.
class HeldSignals {
   public:
    HeldSignals();
    ~HeldSignals();
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

   private:
    sigset_t mask_before_{};
};

/// While it and an InterruptGuard live, Ctrl-C interrupts `session`. Several threads may each have
/// one at the same time.
class InterruptibleSession {
   public:
    explicit InterruptibleSession(Session& session);
    ~InterruptibleSession();
    InterruptibleSession(const InterruptibleSession&) = delete;
    InterruptibleSession& operator=(const InterruptibleSession&) = delete;

   private:
    Session& session_;
};

/// For work that cannot be interrupted. While it lives, Ctrl-C, or a signal that ends the program,
/// deletes a file and ends the program at once.
class DeleteOnInterrupt {
   public:
    explicit DeleteOnInterrupt(std::string file);
    ~DeleteOnInterrupt();
    DeleteOnInterrupt(const DeleteOnInterrupt&) = delete;
    DeleteOnInterrupt& operator=(const DeleteOnInterrupt&) = delete;

   private:
    std::string file_;
};

}  // namespace infinipot::cli
