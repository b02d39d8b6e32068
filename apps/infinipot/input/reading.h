#pragma once

#include <functional>

#include "eval/text/text_files.h"
#include "infinipot/session.h"
#include "terminal/interrupt.h"
#include "terminal/progress_bar.h"

namespace infinipot::cli {

/// Reads all texts into the session, with a progress bar.
/// @param observe called after every batch, in addition to the bar
/// @throws Error(bad_text) if the texts have nothing but white space
/// @throws Error(interrupted)
void read_texts(Session& session, eval::TextFiles& texts, ProgressBar& bar,
                const InterruptGuard& interrupts,
                const std::function<void(const Progress&)>& observe = {});

}  // namespace infinipot::cli
