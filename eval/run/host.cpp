#include "eval/run/host.h"

namespace infinipot::eval {

Host::OnProgress Host::begin_reading(std::optional<std::uint64_t> /*n_bytes*/) {
    return [](const Progress&) {};
}

std::unique_ptr<Host::Watch> Host::watch(Session& /*session*/) { return std::make_unique<Watch>(); }

void Host::check_interrupted() const {}

void Host::tell(const std::string& /*line*/) {}

void read_text(Session& session, std::string_view text, Host& host) {
    const IngestOptions options{.on_progress = host.begin_reading(text.size())};
    session.ingest(text, options);
    session.flush(options);
}

}  // namespace infinipot::eval
