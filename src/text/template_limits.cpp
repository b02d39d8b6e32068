#include "text/template_limits.h"

#include <stdexcept>

#include "text/template_hooks.h"

namespace infinipot {

namespace {

using Clock = std::chrono::steady_clock;

/// Work between two looks at the clock, in bytes of text that are copied: some microseconds.
constexpr std::ptrdiff_t work_per_look = 32 << 10;
constexpr std::ptrdiff_t work_of_step = 256;

/// Bytes that are compared in about a second.
constexpr std::size_t longest_search = 10'000'000'000;
constexpr std::int64_t largest_number = std::int64_t{1} << 40;

thread_local TemplateRun::Impl* running = nullptr;
thread_local int n_destructions = 0;
thread_local std::vector<std::shared_ptr<void>> waiting;

std::string mib(std::size_t n_bytes) { return std::to_string(n_bytes >> 20) + " MiB"; }

}  // namespace

struct TemplateRun::Impl {
    explicit Impl(const TemplateLimits& all)
        : limits(all), end(Clock::now() + all.time), outer(running) {}

    [[noreturn]] void fail(const std::string& what) {
        if (excess.empty()) excess = what;
        throw std::runtime_error(excess);
    }

    void work(std::size_t n) {
        if (!excess.empty()) fail(excess);
        unchecked -= static_cast<std::ptrdiff_t>(n);
        if (unchecked > 0) return;
        unchecked = work_per_look;
        if (Clock::now() > end)
            fail("runs for more than " + std::to_string(limits.time.count()) + " ms");
    }

    void add(limits::Known& value) {
        value.next_ = first;
        value.before_ = &first;
        if (first != nullptr) first->before_ = &value.next_;
        first = &value;
    }

    static void remove(limits::Known& value) {
        if (value.before_ == nullptr) return;
        *value.before_ = value.next_;
        if (value.next_ != nullptr) value.next_->before_ = value.before_;
    }

    void destroy_cycles() {
        const limits::Destruction all(limits::Destruction::most);  // none is destroyed meanwhile
        for (limits::Known* value = first; value != nullptr; value = value->next_) value->let_go();
    }

    const TemplateLimits limits;
    const Clock::time_point end;
    Impl* const outer;
    std::string excess;
    int depth = 0;
    std::size_t memory = 0;
    std::ptrdiff_t unchecked = 0;
    limits::Known* first = nullptr;
};

TemplateLimits with_input(TemplateLimits limits, std::size_t n_bytes) {
    limits.text_bytes += 16 * n_bytes;
    limits.memory_bytes += 128 * n_bytes;                     // a small value takes 250 bytes
    limits.time += std::chrono::milliseconds(n_bytes / 100);  // 10 seconds per megabyte
    return limits;
}

TemplateRun::TemplateRun(const TemplateLimits& limits) : impl_(std::make_unique<Impl>(limits)) {
    running = impl_.get();
}

TemplateRun::~TemplateRun() {
    impl_->destroy_cycles();
    running = impl_->outer;
}

const std::string& TemplateRun::excess() const { return impl_->excess; }

namespace limits {

void step() {
    if (running != nullptr) running->work(work_of_step);
}

void text(std::size_t n) {
    if (running == nullptr) return;
    const std::size_t most = running->limits.text_bytes;
    if (n > most) running->fail("makes a text of more than " + mib(most));
    running->work(n + work_of_step);
}

void search(std::size_t n, std::size_t m) {
    if (running == nullptr) return;
    if (m > 0 && n > longest_search / m) running->fail("searches a long text for a long text");
    running->work(n);
}

void number(std::int64_t n) {
    if (running == nullptr || (n < largest_number && n > -largest_number)) return;
    running->fail("counts to " + std::to_string(n));
}

std::size_t above(std::size_t height) {
    if (running != nullptr && height >= static_cast<std::size_t>(running->limits.depth))
        running->fail("nests more than " + std::to_string(running->limits.depth) + " levels deep");
    return height + 1;
}

void take(std::size_t n) {
    if (running == nullptr) return;
    running->work(work_of_step);
    const std::size_t most = running->limits.memory_bytes;
    if (n > most - running->memory) running->fail("needs more than " + mib(most) + " of memory");
    running->memory += n;
}

void give(std::size_t n) noexcept {
    if (running != nullptr) running->memory -= n;
}

Level::Level() {
    if (running == nullptr) return;
    running->work(8 * work_of_step);
    if (running->depth >= running->limits.depth) {
        running->fail("nests or recurses more than " + std::to_string(running->limits.depth) +
                      " levels deep");
    }
    ++running->depth;
}

Level::~Level() {
    if (running != nullptr) --running->depth;
}

Known::Known() {
    if (running != nullptr) running->add(*this);
}

Known::~Known() { TemplateRun::Impl::remove(*this); }

Destruction::Destruction(int n_levels) : n_levels_(n_levels) { n_destructions += n_levels; }

Destruction::~Destruction() {
    if (n_destructions > n_levels_) {
        n_destructions -= n_levels_;
        return;
    }
    n_destructions = 1;
    while (!waiting.empty()) {
        const std::shared_ptr<void> part = std::move(waiting.back());
        waiting.pop_back();
    }
    n_destructions = 0;
}

bool Destruction::must_wait() const { return n_destructions > most; }

void Destruction::wait(std::shared_ptr<void> part) { waiting.push_back(std::move(part)); }

}  // namespace limits

}  // namespace infinipot
