#include "infinipot/session.h"

#include <array>
#include <istream>
#include <utility>

#include "base/utf8.h"
#include "engine/answer_budget.h"
#include "engine/generation_impl.h"
#include "engine/session_impl.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"

namespace infinipot {

Session::Session(const Model& model, SessionOptions options)
    : impl_(std::make_unique<Impl>(model, std::move(options))) {}
Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::ingest(std::string_view text, const IngestOptions& options) {
    impl_->ingest(text, options);
}

void Session::ingest(std::istream& text, const IngestOptions& options) {
    if (!text)
        throw Error(ErrorCode::file_error, "the text cannot be read: its stream is not open");
    std::array<char, 1 << 16> chunk;
    while (text) {
        text.read(chunk.data(), chunk.size());
        ingest(std::string_view(chunk.data(), static_cast<std::size_t>(text.gcount())), options);
    }
    if (text.bad()) throw Error(ErrorCode::file_error, "the text could not be read to its end");
}

void Session::flush(const IngestOptions& options) {
    impl_->flush(Impl::Remaining::nothing, options);
}

Generation Session::ask(std::string_view question, const GenerateOptions& options) {
    require_utf8(question, "the question");
    require_utf8(options.answer_prefix, "the beginning of the answer");
    const Stopwatch watch;
    impl_->flush(Impl::Remaining::nothing);
    const auto prompt = frame_question(Access::impl(impl_->model()), impl_->plan().frame, question,
                                       impl_->has_text(), options.answer_prefix);
    if (prompt.empty()) throw Error(ErrorCode::invalid_argument, "the question is empty");
    impl_->require_room(static_cast<int>(prompt.size()));
    const int answer_budget = choose_answer_budget(*impl_, prompt, options);
    Generation answer(std::make_unique<Generation::Impl>(
        *impl_, prompt, options, Generation::Impl::Retention::none, answer_budget));
    impl_->record_answer(answer_budget, watch.seconds());
    return answer;
}

Generation Session::generate(std::string_view text, const GenerateOptions& options) {
    require_utf8(text, "the text to continue");
    const Stopwatch watch;
    impl_->flush(Impl::Remaining::answer);
    const auto prompt = Access::impl(impl_->model()).vocabulary.tokenize(text);
    if (prompt.empty() && impl_->stats().tokens_read == 0) {
        throw Error(ErrorCode::invalid_argument, "there is no text to continue");
    }
    Generation continuation(std::make_unique<Generation::Impl>(*impl_, prompt, options,
                                                               Generation::Impl::Retention::kept));
    impl_->record_answer(0, watch.seconds());
    return continuation;
}

void Session::save(const std::filesystem::path& path, std::span<const TextRead> texts) {
    impl_->save(path, texts);
}

Session Session::restore(const Model& model, const std::filesystem::path& path,
                         const RestoreOptions& options) {
    return Session(Impl::restore(model, path, options));
}

Session Session::fork() { return Session(impl_->fork()); }

void Session::interrupt() noexcept { impl_->interrupt(); }
const ResolvedBudget& Session::budget() const { return impl_->plan().options.budget; }
const ResolvedOptions& Session::options() const { return impl_->plan().options; }
const Model& Session::model() const { return impl_->model(); }
Stats Session::stats() const { return impl_->stats(); }

}  // namespace infinipot
