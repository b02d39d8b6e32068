#pragma once

#include <functional>
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

/// Runs an experiment that appends its results to the file `out`, if that is not empty.
/// Interrupted, it says how far it came, such as "3 of 27", and whether it can go on from there.
/// @throws Error(interrupted) and what `run` throws
void run_resumably(const std::string& out, const std::function<void()>& run,
                   const std::function<std::string()>& so_far);

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
