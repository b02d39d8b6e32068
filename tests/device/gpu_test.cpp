// A GPU compared with the CPU, in a build for GPUs and on a machine that has one. Both round
// differently: numbers are close, and entries with nearly equal scores may be kept by one and not
// by the other.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "support/cached_model.h"
#include "support/paths.h"
#include "support/random_tokens.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"
#include "tensor/device.h"

namespace infinipot {
namespace {

/// The remote device of device_test.cpp does not count as a GPU.
bool has_gpu() {
    const std::string first = device_name(find_device(""));
    return first != "cpu" && !first.starts_with("RPC");
}

struct Setting {
    const char* name;
    int n_embd_head;  ///< 64 has flash attention on every GPU, 48 has none
    ggml_type type;
    const char* policy;
    double least_kept = 0.97;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

/// The state of a session after a text that it has distilled once.
struct Seen {
    std::vector<float> logits_before;  // before it did
    std::vector<float> logits_after;
    std::vector<std::set<std::int64_t>> kept;  // [layer * head]: places in the text
};

Seen read(const Model& model, const SessionOptions& options, const std::vector<Token>& tokens) {
    Session session(model, options);
    Session::Impl& impl = Access::impl(session);
    const auto n = static_cast<std::size_t>(impl.plan().fill_limit);
    Seen seen;
    impl.read(std::span(tokens).first(n), true);
    seen.logits_before.assign(impl.logits().begin(), impl.logits().end());
    impl.distil();
    const CacheShape& shape = impl.cache().shape();
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            std::set<std::int64_t>& kept = seen.kept.emplace_back();
            for (const Tag& tag : impl.cache().tags(il, head)) kept.insert(tag.position);
        }
    }
    impl.read(std::span(tokens).subspan(n, 1), true);
    seen.logits_after.assign(impl.logits().begin(), impl.logits().end());
    return seen;
}

double normalized_error(const std::vector<float>& actual, const std::vector<float>& expected) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        error += std::pow(static_cast<double>(actual[i]) - static_cast<double>(expected[i]), 2);
        norm += std::pow(static_cast<double>(expected[i]), 2);
    }
    return error / norm;
}

/// Returns how many of the entries that one session keeps the other keeps too.
double overlap(const Seen& a, const Seen& b) {
    std::size_t n = 0, n_common = 0;
    for (std::size_t head = 0; head < a.kept.size(); ++head) {
        n += a.kept[head].size();
        for (const std::int64_t place : a.kept[head]) n_common += b.kept[head].count(place);
    }
    return static_cast<double>(n_common) / static_cast<double>(n);
}

/// `least_kept`: by the default, which keeps whole sentences in all heads alike, one rounding may
/// decide over a sentence everywhere; where heads rank entries for themselves, over one entry.
void expect_nearly_the_same(const std::filesystem::path& path, const SessionOptions& options,
                            const std::vector<Token>& tokens, double least_kept) {
    const Seen on_cpu =
        read(Model::load(path, {.device = "cpu", .kernels = Kernels::ggml}), options, tokens);
    const Seen on_gpu = read(Model::load(path, {.device = "gpu"}), options, tokens);
    const double before = normalized_error(on_gpu.logits_before, on_cpu.logits_before);
    const double after = normalized_error(on_gpu.logits_after, on_cpu.logits_after);
    const double kept = overlap(on_gpu, on_cpu);
    EXPECT_LT(before, 1e-3);
    EXPECT_GT(kept, least_kept);
    if (kept == 1) {
        EXPECT_LT(after, 1e-3);
    }
    std::printf("logits differ by %.1e before and %.1e after; both keep %.2f %% of the entries\n",
                before, after, 100 * kept);
}

class GpuTest : public testing::TestWithParam<Setting> {
   protected:
    void SetUp() override {
        if (!has_gpu()) GTEST_SKIP() << "this build or this machine has no GPU";
    }

    TempDir folder_;
};

TEST_P(GpuTest, Keeps_the_entries_that_the_CPU_keeps) {
    const Setting& setting = GetParam();
    const TinyModel tiny{.n_embd = 4 * setting.n_embd_head,
                         .n_embd_head = setting.n_embd_head,
                         .n_ff = 256,
                         .n_ctx_train = 1024,
                         .type = setting.type};
    SessionOptions options;
    options.budget = {.capacity = 512, .retain = 128, .reserve = 64};
    options.policy = make_policy(setting.policy);
    options.schedule = Schedule::when_full;
    options.framing = Framing::raw;
    options.catalyst = "a b c d";
    expect_nearly_the_same(write_tiny_model(tiny, folder_.path()), options,
                           random_tokens(600, tiny.n_vocab), setting.least_kept);
}

constexpr auto as_in_the_paper = "infinipot:share=none,pool=1,novelty_pool=1";

INSTANTIATE_TEST_SUITE_P(
    Settings, GpuTest,
    testing::Values(Setting{"the default", 64, GGML_TYPE_F16, "infinipot", 0.9},
                    Setting{"heads of 64", 64, GGML_TYPE_F16, as_in_the_paper},
                    Setting{"heads of 48", 48, GGML_TYPE_F32, as_in_the_paper},
                    Setting{"Q8_0", 64, GGML_TYPE_Q8_0, as_in_the_paper},
                    Setting{"attention added up", 64, GGML_TYPE_F16, "h2o"},
                    Setting{"key norms", 64, GGML_TYPE_F16, "keydiff"},
                    Setting{"expected attention", 64, GGML_TYPE_F16, "expected_attention"}));

class RealGpuTest : public GpuTest {};

TEST_F(RealGpuTest, TinyLlama_keeps_the_same_entries_as_on_the_CPU) {
    const auto path = cached_model("tinyllama.gguf");
    if (!exists(path)) GTEST_SKIP() << path << " is missing; infinipot pull tinyllama gets it";
    SessionOptions options;
    options.budget = {.capacity = 1024, .retain = 512, .reserve = 128};
    options.framing = Framing::raw;
    const Model model = Model::load(path, {.device = "cpu"});
    std::ifstream book(source_file("samples/sherlock-holmes.txt"));
    std::string text(8000, '\0');
    book.read(text.data(), static_cast<std::streamsize>(text.size()));
    expect_nearly_the_same(path, options, model.tokenize(text), 0.9);
}

}  // namespace
}  // namespace infinipot
