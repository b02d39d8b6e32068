#pragma once

#include <functional>

#include "eval/text/text_files.h"
#include "infinipot/session.h"
#include "terminal/interrupt.h"
#include "terminal/progress_bar.h"

namespace infinipot::cli {

/// Reads all texts into the session, with a bar that shows how far it is.
/// @param observe called after every batch as well
/// @throws Error(bad_text) if there is nothing but white space in them, Error(interrupted)
void read_texts(Session& session, eval::TextFiles& texts, ProgressBar& bar,
                const InterruptGuard& interrupts,
                const std::function<void(const Progress&)>& observe = {});

}  // namespace infinipot::cli
