#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "infinipot/infinipot.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Counts every allocation of the process, C's and C++'s, by standing before glibc's.
// Sanitizers do the same, so that the two cannot be had together.

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>

namespace {
std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

void* counted(void* block) {
    const std::size_t now = live_bytes += block == nullptr ? 0 : malloc_usable_size(block);
    std::size_t peak = peak_bytes;
    while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {
    }
    return block;
}

void uncount(void* block) {
    if (block != nullptr) live_bytes -= malloc_usable_size(block);
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t n) { return counted(__libc_malloc(n)); }
void* calloc(std::size_t n, std::size_t size) { return counted(__libc_calloc(n, size)); }
void* realloc(void* block, std::size_t n) {
    uncount(block);
    return counted(__libc_realloc(block, n));
}
void* memalign(std::size_t alignment, std::size_t n) {
    return counted(__libc_memalign(alignment, n));
}
void* aligned_alloc(std::size_t alignment, std::size_t n) { return memalign(alignment, n); }
int posix_memalign(void** block, std::size_t alignment, std::size_t n) {
    *block = memalign(alignment, n);
    return *block == nullptr ? 12 : 0;
}
void free(void* block) {
    uncount(block);
    __libc_free(block);
}
}

namespace infinipot {
namespace {

std::string sentences(int n) {
    std::string text;
    for (int i = 0; i < n; ++i)
        text += "the old man came home and all was still, not far from the sea.\n";
    return text;
}

class AllocationTest : public testing::Test {
   protected:
    AllocationTest() : model_(Model::load(write_tiny_model({.n_layer = 4}, folder_.path()))) {}

    SessionOptions options() const {
        SessionOptions result;
        result.budget = {.capacity = 512, .retain = 128};
        result.n_threads = 1;
        return result;
    }

    TempDir folder_;
    Model model_;
};

TEST_F(AllocationTest, All_memory_of_a_session_is_allocated_before_the_first_token) {
    const std::size_t before = live_bytes;
    Session session(model_, options());
    const std::size_t constructed = live_bytes;
    EXPECT_GE(constructed - before, session.stats().pot_bytes);
    const std::string text = sentences(400);
    const std::size_t at_rest = live_bytes;
    peak_bytes = at_rest;
    session.ingest(text);
    EXPECT_GE(session.stats().distillations, 10u);
    // What comes and goes: a segment of text, libllama's tokenizer at work on it, the slots chosen.
    constexpr std::size_t transient_bytes = 1 << 20;
    EXPECT_LE(peak_bytes - at_rest, transient_bytes);
}

TEST_F(AllocationTest, Nothing_that_is_allocated_grows_with_the_text) {
    Session session(model_, options());
    const std::string text = sentences(200);
    session.ingest(text);
    peak_bytes = live_bytes.load();
    session.ingest(text);
    const std::size_t peak_after_two = peak_bytes;
    const std::size_t live_after_two = live_bytes;
    for (int i = 0; i < 20; ++i) session.ingest(text);
    constexpr std::size_t one_segment =
        64 << 10;  // how much of the text waits depends on where it ends
    EXPECT_LE(peak_bytes, peak_after_two + one_segment);
    EXPECT_LE(live_bytes, live_after_two + one_segment);
    EXPECT_GE(session.stats().distillations, 100u);
}

TEST_F(AllocationTest, Nothing_that_is_allocated_grows_with_what_is_generated) {
    Session session(model_, options());
    session.generate("the old man", {.max_tokens = 600}).text();
    const std::size_t live_after_one = live_bytes;
    for (int i = 0; i < 5; ++i) session.generate(" and", {.max_tokens = 600}).text();
    EXPECT_LE(live_bytes, live_after_one + (16 << 10));
}

}  // namespace
}  // namespace infinipot
#endif
