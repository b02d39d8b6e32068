#pragma once

#include <string>
#include <thread>

#include "infinipot/session.h"

namespace infinipot::cli {

/// While it lives, the first Ctrl-C asks the work to end and the second one kills the program.
/// Only one lives at a time. Where Ctrl-C was ignored, as under nohup, it stays ignored.
class InterruptGuard {
   public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    /// @throws Error(interrupted) if Ctrl-C was pressed.
    void check() const;

   private:
    std::jthread watcher_;  // passes a press on to the sessions
};

/// While it lives beside an InterruptGuard, Ctrl-C interrupts `session`, as well as all others that
/// threads watch over so at the same time.
class InterruptibleSession {
   public:
    explicit InterruptibleSession(Session& session);
    ~InterruptibleSession();
    InterruptibleSession(const InterruptibleSession&) = delete;
    InterruptibleSession& operator=(const InterruptibleSession&) = delete;

   private:
    Session& session_;
};

/// For work that cannot be asked to end: while it lives, Ctrl-C (or a signal that ends the program)
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
