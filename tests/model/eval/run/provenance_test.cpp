#include "eval/run/provenance.h"

#include <gtest/gtest.h>

#include <string>

#include "eval/run/host.h"
#include "eval/run/results.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot::eval {
namespace {

class ProvenanceTest : public testing::Test {
   protected:
    ProvenanceTest() {
        method_.session.budget = {.capacity = 128, .retain = 48};
        method_.session.n_threads = 2;
    }

    std::string id(const Method& method) {
        const ResolvedOptions options = resolve(model_, session_options(method, {"Who?"}));
        return to_line(describe_session("test", model_, options, method));
    }

    const TempDir folder_;
    const Model model_ =
        Model::load(write_tiny_model({.n_embd_head = 32, .n_vocab = 600}, folder_.path()));
    Method method_;
};

TEST_F(ProvenanceTest, The_id_does_not_depend_on_what_decides_only_the_speed) {
    Method other = method_;
    other.session.n_threads = 1;
    other.session.n_batch = 32;
    other.n_parallel = 2;
    other.model = "another/path.gguf";
    other.model_options.kernels = Kernels::ggml;
    EXPECT_EQ(id(other), id(method_));
}

TEST_F(ProvenanceTest, The_id_does_not_depend_on_whether_a_default_was_spelt_out) {
    Method other = method_;
    other.policy = policies::infinipot()->spec();
    other.schedule = "when-full";
    EXPECT_EQ(id(other), id(method_));
}

TEST_F(ProvenanceTest, The_id_depends_on_what_decides_the_result) {
    Method capacity = method_, policy = method_, catalyst = method_, kv_type = method_;
    capacity.session.budget.capacity = 96;
    policy.policy = "h2o";
    catalyst.catalyst = "question";
    kv_type.session.kv_type = KvType::q8_0;
    for (const Method& other : {capacity, policy, catalyst, kv_type}) {
        EXPECT_NE(id(other), id(method_));
    }
}

TEST_F(ProvenanceTest, Measurements_name_what_made_them) {
    Session session(model_, session_options(method_, {}));
    Host host;
    read_text(session, "the time was not far", host);
    nlohmann::ordered_json result;
    add_measurements(result, session, method_);
    EXPECT_GT(result["tokens_read"], 0);
    EXPECT_EQ(result["threads"], 2);
    EXPECT_EQ(result["parallel"], 1);
    EXPECT_EQ(result["model_fingerprint"].get<std::string>().size(), 16U);
    EXPECT_FALSE(result["commit"].get<std::string>().empty());
}

TEST(FileName, Has_no_folders) { EXPECT_EQ(file_name("a/b/book.txt"), "book.txt"); }

}  // namespace
}  // namespace infinipot::eval
