#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "text/template_limits.h"

/// What our copy of the Jinja engine calls; cmake/jinja_limits.cmake puts the calls in. They obey
/// this thread's TemplateRun and throw a std::exception if the template exceeds a limit. Without a
/// TemplateRun there are no limits.
namespace infinipot::limits {

/// Counts a short step.
void step();

/// Counts a text of `n` bytes that is copied or made.
void text(std::size_t n);

/// Refuses a search for `m` bytes in `n` bytes that could take seconds.
void search(std::size_t n, std::size_t m);

/// Refuses numbers whose sums could overflow.
void number(std::int64_t n);

/// Returns the height of a node above nodes of at most `height`.
std::size_t above(std::size_t height);

/// Counts memory that values hold.
void take(std::size_t n);
void give(std::size_t n) noexcept;

/// A level of recursion, left when destroyed.
class Level {
   public:
    Level();
    ~Level();
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
};

/// The memory of a text, counted while the text lives.
class Bytes {
   public:
    explicit Bytes(std::size_t n) : n_(n) { take(n); }
    Bytes(const Bytes& other) : Bytes(other.n_) {}
    Bytes(Bytes&& other) noexcept : n_(std::exchange(other.n_, 0)) {}
    Bytes& operator=(Bytes other) noexcept {
        std::swap(n_, other.n_);
        return *this;
    }
    ~Bytes() { give(n_); }

   private:
    std::size_t n_;
};

/// Counts the memory of containers.
template <class T>
struct Allocator {
    using value_type = T;

    Allocator() = default;
    template <class U>
    Allocator(const Allocator<U>& /*other*/) noexcept {}

    T* allocate(std::size_t n) {
        take(n * sizeof(T));
        try {
            return std::allocator<T>().allocate(n);
        } catch (...) {
            give(n * sizeof(T));
            throw;
        }
    }
    void deallocate(T* memory, std::size_t n) noexcept {
        give(n * sizeof(T));
        std::allocator<T>().deallocate(memory, n);
    }

    template <class U>
    bool operator==(const Allocator<U>& /*other*/) const noexcept {
        return true;
    }
};

template <class T>
using vector = std::vector<T, Allocator<T>>;

/// A value that the thread's TemplateRun can find, to destroy cycles of values.
class Known {
   public:
    Known();
    virtual ~Known();
    Known(const Known&) = delete;
    Known& operator=(const Known&) = delete;

    /// Destroys what the value holds.
    virtual void let_go() noexcept = 0;

   private:
    friend TemplateRun::Impl;
    Known* next_ = nullptr;
    Known** before_ = nullptr;  ///< what points to this
};

/// The destruction of a part of a value. Nested ones beyond some levels wait for the first to end,
/// because values may nest deeper than the stack has room.
class Destruction {
   public:
    explicit Destruction(int n_levels = 1);
    ~Destruction();
    Destruction(const Destruction&) = delete;
    Destruction& operator=(const Destruction&) = delete;

    static constexpr int most = 50;  ///< levels that do not wait
    bool must_wait() const;
    void wait(std::shared_ptr<void> part);

   private:
    int n_levels_;
};

/// Destroys what `part` holds: a container, a shared pointer or a function.
template <class Part>
void destroy(Part& part) noexcept {
    if constexpr (requires { part.empty(); }) {
        if (part.empty()) return;
    } else if (!part) {
        return;
    }
    Destruction destruction;
    if (destruction.must_wait()) {
        destruction.wait(std::make_shared<Part>(std::move(part)));
    } else {
        const Part dead = std::move(part);
    }
}

}  // namespace infinipot::limits
