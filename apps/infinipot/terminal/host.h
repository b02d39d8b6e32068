#pragma once

#include <memory>
#include <optional>
#include <string>

#include "eval/run/host.h"
#include "terminal/interrupt.h"

namespace infinipot::cli {

/// An experiment's host on a terminal: progress bars and lines on standard error. While it lives,
/// Ctrl-C interrupts the watched sessions.
class TerminalHost final : public eval::Host {
   public:
    /// The conditions for showing the progress of a reading.
    enum class Bars {
        always,            ///< a bar on a terminal, lines elsewhere
        only_on_terminal,  ///< no lines elsewhere
        never,             ///< several readings at one time would draw over each other
    };

    explicit TerminalHost(Bars bars) : bars_(bars) {}

    OnProgress begin_reading(std::optional<std::uint64_t> n_bytes) override;
    std::unique_ptr<Watch> watch(Session& session) override;
    void check_interrupted() const override;
    void tell(const std::string& line) override;

   private:
    Bars bars_;
    InterruptGuard interrupts_;
};

/// Returns the bars for an experiment that measures `n_parallel` items at one time.
TerminalHost::Bars bars_for(int n_parallel);

}  // namespace infinipot::cli
