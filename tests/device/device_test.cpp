// A model and its KV cache on a device whose memory the CPU cannot reach. The device is ggml's own
// remote device, served by another process. It computes with the CPU's code, so results must be
// equal bit for bit, and code that touches the KV cache directly crashes. It claims to support
// every operation, so this test does not cover operations that a device lacks.

#include <ggml-rpc.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/random_tokens.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

/// Serves this machine's CPU for as long as the test runs, and returns the device's name.
std::string remote_device() {
    static const std::string name = [] {
        const std::string endpoint = "127.0.0.1:" + std::to_string(20000 + getpid() % 20000);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            ggml_backend_dev_t cpu = cpu_device();
            ggml_backend_rpc_start_server(endpoint.c_str(), nullptr, 1, 1, &cpu);
            _exit(1);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        ggml_backend_reg_t registry = ggml_backend_rpc_add_server(endpoint.c_str());
        ggml_backend_register(registry);
        return std::string(ggml_backend_dev_name(ggml_backend_reg_dev_get(registry, 0)));
    }();
    return name;
}

struct Setting {
    std::string architecture;
    std::string policy;
    KvType kv_type = KvType::f16;
};

void PrintTo(const Setting& setting, std::ostream* out) {
    *out << setting.architecture << ", " << setting.policy << ", " << to_string(setting.kv_type);
}

class DeviceTest : public testing::TestWithParam<Setting> {
   protected:
    Model load(const std::string& device, const TinyModel& tiny) const {
        const auto path = write_tiny_model(tiny, folder_.path());
        return Model::load(path, {.device = device, .kernels = Kernels::ggml, .repack = false});
    }

    static SessionOptions options(const std::string& policy, KvType type = KvType::f16) {
        SessionOptions result;
        result.budget = {.capacity = 128, .retain = 40, .reserve = 16};
        result.policy = make_policy(policy);
        result.schedule = policy == "full" || policy == "truncate" ? result.policy->schedule()
                                                                   : Schedule::when_full;
        result.framing = Framing::raw;
        result.catalyst = "a b c d";
        result.kv_type = type;
        result.n_batch = 32;
        result.n_threads = 1;
        result.measure_surprisal = true;
        return result;
    }

    TempDir folder_;
};

/// All that a session holds of its text.
struct Memory {
    std::vector<Tag> tags;
    std::vector<float> logits;
    std::vector<float> state;
};

Memory memory_of(Session& session, int n_tokens, int n_vocab) {
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(n_tokens, n_vocab), true);
    Memory memory;
    for (int il = 0; il < impl.cache().shape().n_layer; ++il) {
        for (int head = 0; head < impl.cache().shape().n_head_kv; ++head) {
            const auto tags = impl.cache().tags(il, head);
            memory.tags.insert(memory.tags.end(), tags.begin(), tags.end());
        }
    }
    memory.logits.assign(impl.logits().begin(), impl.logits().end());
    memory.state = impl.mark().preceding_state;
    return memory;
}

TEST_P(DeviceTest, Keeps_the_entries_that_the_CPU_keeps) {
    const Setting& setting = GetParam();
    TinyModel tiny{.architecture = setting.architecture, .n_embd_head = 32};
    if (setting.architecture != "llama") tiny.n_embd = 128;
    tiny.tied = setting.architecture == "llama";
    if (setting.architecture.ends_with("moe") || setting.architecture == "gpt-oss")
        tiny.n_expert = 4;
    if (setting.architecture == "gpt-oss") tiny.window = 50;
    const int n_tokens = setting.policy == "full" ? 100 : 400;
    Session here(load("cpu", tiny), options(setting.policy, setting.kv_type));
    Session there(load(remote_device(), tiny), options(setting.policy, setting.kv_type));
    const Memory expected = memory_of(here, n_tokens, tiny.n_vocab);
    const Memory actual = memory_of(there, n_tokens, tiny.n_vocab);
    EXPECT_GE(there.stats().distillations, setting.policy == "full" ? 0u : 3u);
    EXPECT_EQ(there.stats().distillations, here.stats().distillations);
    ASSERT_EQ(actual.tags.size(), expected.tags.size());
    for (std::size_t i = 0; i < expected.tags.size(); ++i) {
        ASSERT_EQ(actual.tags[i].position, expected.tags[i].position) << "tag " << i;
        ASSERT_EQ(actual.tags[i].surprisal, expected.tags[i].surprisal) << "tag " << i;
    }
    EXPECT_EQ(actual.logits, expected.logits);
    EXPECT_EQ(actual.state, expected.state);
}

// Every measurement that a policy can ask for, and every way a file can hold its weights.
INSTANTIATE_TEST_SUITE_P(
    Settings, DeviceTest,
    testing::Values(Setting{"llama", "infinipot"},
                    Setting{"llama", "infinipot:share=heads,value_norm=l1"},
                    Setting{"llama", "infinipot", KvType::bf16}, Setting{"llama", "h2o"},
                    Setting{"llama", "tova"}, Setting{"llama", "snapkv"},
                    Setting{"llama", "keydiff"}, Setting{"llama", "l2norm"},
                    Setting{"llama", "expected_attention"}, Setting{"llama", "streaming_llm"},
                    Setting{"llama", "full"}, Setting{"qwen2", "infinipot"},
                    Setting{"phi3", "infinipot"}, Setting{"gemma2", "infinipot"},
                    Setting{"gemma3", "infinipot"}, Setting{"qwen3", "infinipot"},
                    Setting{"lfm2", "infinipot"}, Setting{"granitehybrid", "h2o"},
                    Setting{"falcon-h1", "streaming_llm"}, Setting{"qwen35", "infinipot"},
                    Setting{"qwen3moe", "infinipot"}, Setting{"glm4moe", "infinipot"},
                    Setting{"gpt-oss", "infinipot"}, Setting{"gpt-oss", "expected_attention"}));

using DeviceRulesTest = DeviceTest;

TEST_F(DeviceRulesTest, The_same_question_has_the_same_answer_again) {
    const TinyModel tiny{.n_embd_head = 32};
    Session session(load(remote_device(), tiny), options("infinipot"));
    session.ingest("the old men sat still and read on the day of the long night and the sun");
    session.flush();
    const auto ask = [&] { return session.ask("who", {.max_tokens = 8}).text(); };
    const std::string first = ask();
    EXPECT_EQ(ask(), first);
}

TEST_F(DeviceRulesTest, A_question_with_an_answer_budget_leaves_no_trace) {
    const TinyModel tiny{.n_embd_head = 32};
    SessionOptions focused = options("infinipot");
    focused.answer_budget = {AnswerBudget::fixed, 24};
    Session here(load("cpu", tiny), focused), there(load(remote_device(), tiny), focused);
    Session unfocused(load(remote_device(), tiny), options("infinipot"));
    for (Session* each : {&here, &there, &unfocused}) memory_of(*each, 400, tiny.n_vocab);
    const auto ask = [](Session& session) {
        return session.ask("the day was", {.max_tokens = 8}).text();
    };
    EXPECT_EQ(ask(there), ask(here));
    ask(unfocused);
    const Memory expected = memory_of(unfocused, 8, tiny.n_vocab);
    const Memory actual = memory_of(there, 8, tiny.n_vocab);
    EXPECT_EQ(actual.logits, expected.logits);
    EXPECT_EQ(actual.state, expected.state);
}

TEST_F(DeviceRulesTest, The_device_holds_the_weights_only_once) {
    const TinyModel untied{.n_embd_head = 32}, tied{.n_embd_head = 32, .tied = true};
    const std::size_t table = std::size_t{64} * 512 * sizeof(float);
    const auto copied = [&](const TinyModel& tiny) {
        return load(remote_device(), tiny).info().copied_weight_bytes;
    };
    EXPECT_EQ(copied(untied) - copied(tied), table);
    EXPECT_EQ(load("cpu", tied).info().copied_weight_bytes, 0u);
    EXPECT_EQ(load(remote_device(), tied).info().device, remote_device());
}

void expect_refused(const Model& model, const SessionOptions& options, const std::string& words) {
    try {
        const Session session(model, options);
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
}

TEST_F(DeviceRulesTest, Options_that_need_the_CPU_are_refused_with_a_sentence) {
    const Model model = load(remote_device(), {.n_embd_head = 32});
    SessionOptions in_turn = options("streaming_llm");
    in_turn.schedule = Schedule::per_token;
    expect_refused(model, in_turn, "choose schedule when-full, or the device cpu");
    expect_refused(model, options("infinipot", KvType::q8_0), "choose f16 or bf16");
}

/// Reads on, and returns an answer.
std::string rest_of(Session& session) {
    session.ingest("and then he went home to bed, and read a book about salt and pepper. ");
    return session.ask("who?", {.max_tokens = 24, .min_tokens = 24}).text();
}

TEST_F(DeviceRulesTest, A_cache_on_a_device_is_saved_restored_and_forked) {
    const TempDir folder;
    const Model model = load(remote_device(), {.n_embd_head = 32});
    Session session(model, options("infinipot"));
    for (int i = 0; i < 20; ++i) session.ingest("a man reads a long book about the sea. ");
    session.save(folder.path() / "a.pot");
    Session forked = session.fork();
    Session restored = Session::restore(model, folder.path() / "a.pot", {.n_threads = 1});
    const std::string expected = rest_of(session);
    EXPECT_GT(session.stats().distillations, 2u);
    EXPECT_EQ(rest_of(forked), expected);
    EXPECT_EQ(rest_of(restored), expected);
}

TEST_F(DeviceRulesTest, Devices_are_found_by_name) {
    const std::string name = remote_device();
    EXPECT_TRUE(is_cpu(find_device("CPU")));
    EXPECT_EQ(device_name(find_device(name)), name);
    EXPECT_FALSE(is_cpu(find_device("gpu")));
    EXPECT_EQ(find_device(""), find_device("gpu")) << "the first that is not the CPU";
    EXPECT_EQ(devices().front().name, "cpu");
    EXPECT_EQ(devices().back().name, name);
    try {
        find_device("tpu");
        FAIL() << "found";
    } catch (const Error& error) {
        const std::string sentence = error.what();
        EXPECT_TRUE(sentence.starts_with("there is no device \"tpu\" here; known: cpu, "));
        EXPECT_TRUE(sentence.ends_with(name)) << sentence;
    }
}

}  // namespace
}  // namespace infinipot
