#include "terminal/host.h"

#include <cstdio>

#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

class InterruptibleWatch final : public eval::Host::Watch {
   public:
    explicit InterruptibleWatch(Session& session) : interruptible_(session) {}

   private:
    InterruptibleSession interruptible_;
};

bool is_quiet(TerminalHost::Bars bars) {
    if (bars == TerminalHost::Bars::only_on_terminal) return !is_terminal(stderr);
    return bars == TerminalHost::Bars::never;
}

}  // namespace

TerminalHost::OnProgress TerminalHost::begin_reading(std::optional<std::uint64_t> n_bytes) {
    const auto bar = std::make_shared<ProgressBar>(n_bytes, is_quiet(bars_));
    return [bar](const Progress& progress) { bar->update(progress); };
}

std::unique_ptr<TerminalHost::Watch> TerminalHost::watch(Session& session) {
    return std::make_unique<InterruptibleWatch>(session);
}

void TerminalHost::check_interrupted() const { interrupts_.check(); }

void TerminalHost::tell(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

TerminalHost::Bars bars_for(int n_parallel) {
    return n_parallel > 1 ? TerminalHost::Bars::never : TerminalHost::Bars::only_on_terminal;
}

}  // namespace infinipot::cli
