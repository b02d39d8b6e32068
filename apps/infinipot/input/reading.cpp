#include "input/reading.h"

#include "infinipot/error.h"

namespace infinipot::cli {

void read_texts(Session& session, eval::TextFiles& texts, ProgressBar& bar,
                const InterruptGuard& interrupts,
                const std::function<void(const Progress&)>& observe) {
    const IngestOptions options = {[&](const Progress& progress) {
        if (observe) observe(progress);
        bar.update(progress);
    }};
    bar.start();
    for (auto chunk = texts.next(); !chunk.empty(); chunk = texts.next()) {
        interrupts.check();
        session.ingest(chunk, options);
    }
    if (texts.blank()) {
        throw Error(ErrorCode::bad_text,
                    "there is nothing to read in " + texts.names() + ": no text but white space");
    }
    session.flush(options);
    bar.clear();
}

}  // namespace infinipot::cli
