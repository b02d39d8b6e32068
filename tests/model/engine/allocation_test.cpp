#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

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
    AllocationTest()
        : model_(Model::load(write_tiny_model({.n_layer = 4, .n_embd_head = 32}, folder_.path()))) {
    }

    SessionOptions options() const {
        SessionOptions result;
        result.budget = {.capacity = 512, .retain = 128};
        result.n_threads = 1;
        return result;
    }

    TempDir folder_;
    Model model_;
};

/// In a pot of each kind: written as it is, and transformed and rounded in blocks.
class AllocationOfType : public AllocationTest, public testing::WithParamInterface<KvType> {};

TEST_P(AllocationOfType, All_memory_of_a_session_is_allocated_before_the_first_token) {
    const std::size_t before = live_bytes;
    SessionOptions typed = options();
    typed.kv_type = GetParam();
    Session session(model_, typed);
    EXPECT_EQ(session.stats().pot_bytes, 512 * model_.entry_bytes(GetParam()));
    const std::size_t constructed = live_bytes;
    EXPECT_GE(constructed - before, session.stats().pot_bytes);
    const std::string text = sentences(400);
    const std::size_t at_rest = live_bytes;
    peak_bytes = at_rest;
    session.ingest(text);
    EXPECT_GE(session.stats().distillations, 10u);
    // Temporary memory: a segment of text, libllama's tokenizer on it, and the chosen slots.
    constexpr std::size_t transient_bytes = 1 << 20;
    EXPECT_LE(peak_bytes - at_rest, transient_bytes);
}

INSTANTIATE_TEST_SUITE_P(Types, AllocationOfType, testing::Values(KvType::f16, KvType::q8_0),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_F(AllocationTest, Memory_does_not_grow_with_the_text) {
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

TEST_F(AllocationTest, Memory_does_not_grow_with_the_generated_text) {
    Session session(model_, options());
    session.generate("the old man", {.max_tokens = 600}).text();
    const std::size_t live_after_one = live_bytes;
    for (int i = 0; i < 5; ++i) session.generate(" and", {.max_tokens = 600}).text();
    EXPECT_LE(live_bytes, live_after_one + (16 << 10));
}

/// Every policy that says that it is bounded, as its source runs it: the same cap for all.
class BoundedPolicy : public testing::TestWithParam<std::string> {
   protected:
    BoundedPolicy() : model_(Model::load(write_tiny_model({.n_layer = 1}, folder_.path()))) {}

    SessionOptions options_of_policy() const {
        SessionOptions result;
        result.budget = {.capacity = 256, .retain = 96, .reserve = 48};
        result.policy = make_policy(GetParam());
        result.n_batch = 32;
        result.n_threads = 1;
        return result;
    }

    TempDir folder_;
    Model model_;
};

TEST_P(BoundedPolicy, Uses_memory_that_does_not_grow_with_the_text) {
    const std::size_t before = live_bytes;
    Session session(model_, options_of_policy());
    EXPECT_GE(live_bytes - before, session.stats().pot_bytes);
    EXPECT_LE(live_bytes - before,
              session.stats().pot_bytes + session.stats().compute_bytes + (1 << 20));
    const std::string text = sentences(140);  // more than is tokenised at one time
    const std::size_t at_rest = live_bytes;
    peak_bytes = at_rest;
    session.ingest(text);
    const Stats before_more = session.stats();
    const std::size_t live = live_bytes;
    session.ingest(sentences(60));
    session.flush();
    session.ask("who came home?", {.max_tokens = 4}).text();
    constexpr std::size_t waiting_text = 64 << 10;
    EXPECT_LE(live_bytes, live + waiting_text);
    constexpr std::size_t transient_bytes = 1 << 20;  // as above
    EXPECT_LE(peak_bytes - at_rest, transient_bytes);
    EXPECT_GE(session.stats().tokens_read + session.stats().tokens_left_out, 3000u);

    const Stats after = session.stats();
    EXPECT_LE(after.peak_n_kv, 256);
    EXPECT_EQ(after.pot_bytes, before_more.pot_bytes);
    EXPECT_EQ(after.compute_bytes, before_more.compute_bytes);
    // An entry of a policy that adds up attention carries a number more for each head and layer.
    const std::size_t n_heads = 1 * 2;
    EXPECT_GE(after.pot_bytes, 256 * model_.entry_bytes());
    EXPECT_LE(after.pot_bytes, 256 * (model_.entry_bytes() + n_heads * sizeof(float)));
}

std::vector<std::string> bounded_policies() {
    std::vector<std::string> names;
    for (const PolicyInfo& info : all_policies()) {
        if (info.bounded) names.push_back(info.name);
    }
    return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, BoundedPolicy, testing::ValuesIn(bounded_policies()),
                         [](const auto& test_case) { return test_case.param; });

/// The others say so in their row, and it is true: they read no more than the pot holds.
TEST_F(AllocationTest, Unbounded_policies_refuse_a_longer_text) {
    int n_unbounded = 0;
    for (const PolicyInfo& info : all_policies()) {
        if (info.bounded) continue;
        ++n_unbounded;
        SessionOptions unbounded = options();
        unbounded.policy = make_policy(info.name);
        Session session(model_, unbounded);
        EXPECT_THROW(session.ingest(sentences(400)), Error) << info.name;
        EXPECT_LE(session.stats().peak_n_kv, 512) << info.name;
    }
    EXPECT_EQ(n_unbounded, 3) << "snapkv, self_extend and full";
    EXPECT_EQ(bounded_policies().size(), all_policies().size() - 3);
}

}  // namespace
}  // namespace infinipot
#endif
