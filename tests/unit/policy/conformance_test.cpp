// The contract of every registered policy, on random measurements. Each policy's own test has
// worked examples of what it keeps.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

constexpr int n_head_kv = 3;

struct Room {
    int n_kv;
    int n_keep;
    int protect_first;
    int protect_recent;
};

constexpr Room rooms[] = {
    {64, 32, 0, 0}, {64, 32, 4, 8}, {64, 12, 4, 8}, {64, 1, 0, 0},
    {64, 0, 0, 0},  {64, 63, 1, 1}, {64, 64, 0, 0}, {1, 1, 0, 0},
};

std::vector<Keep> protected_heads(const Room& room) {
    Keep keep(room.n_kv, room.n_keep);
    keep.first(room.protect_first).last(room.protect_recent);
    return std::vector<Keep>(n_head_kv, keep);
}

/// Measures what the policy asks for and nothing else; values repeat, so that ties occur.
Layer random_layer(const Needs& needs, int n_kv) {
    std::minstd_rand random(static_cast<unsigned>(n_kv));
    const auto measured = [&] {
        std::vector<float> values(static_cast<std::size_t>(n_head_kv * n_kv));
        for (float& value : values) value = static_cast<float>(random() % 16);
        return values;
    };
    Layer layer = {.n_head_kv = n_head_kv, .n_kv = n_kv, .n_new = n_kv / 2};
    if (needs.attention != AttentionProbe::none) layer.attention = measured();
    if (needs.surprisal) layer.surprisal = measured();
    if (needs.key_norm) layer.key_norm = measured();
    if (needs.value_norm != ValueNorm::none) layer.value_norm = measured();
    if (needs.key_similarity) layer.key_similarity = measured();
    if (needs.expected_attention) layer.expected_attention = measured();
    if (needs.sentences) {
        for (int i = 0; i < n_head_kv * n_kv; ++i) layer.ends_sentence.push_back(random() % 9 == 0);
    }
    if (needs.position) {
        for (int i = 0; i < n_head_kv * n_kv; ++i) layer.position.push_back(1000 + i % n_kv * 3);
    }
    return layer;
}

class EveryPolicy : public testing::TestWithParam<std::string> {
   protected:
    /// The heads after select(); empty if the policy refuses to evict.
    std::vector<Keep> selected(const Room& room) const {
        const Layer layer = random_layer(policy_->needs(), room.n_kv);
        std::vector<Keep> heads = protected_heads(room);
        try {
            policy_->select(layer.view(), heads);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
            return {};
        }
        return heads;
    }

    PolicyPtr policy_ = make_policy(GetParam());
};

TEST_P(EveryPolicy, Fills_the_room_exactly_or_refuses) {
    for (const Room& room : rooms) {
        for (const Keep& keep : selected(room)) {
            EXPECT_EQ(keep.room(), 0);
            EXPECT_EQ(keep.slots().size(), static_cast<std::size_t>(room.n_keep));
        }
    }
}

TEST_P(EveryPolicy, Keeps_slots_in_reading_order) {
    for (const Room& room : rooms) {
        for (const Keep& keep : selected(room)) {
            const std::vector<int> slots = keep.slots();
            EXPECT_TRUE(std::is_sorted(slots.begin(), slots.end()));
        }
    }
}

TEST_P(EveryPolicy, Keeps_protected_entries) {
    for (const Room& room : rooms) {
        const std::vector<int> before = protected_heads(room)[0].slots();
        for (const Keep& keep : selected(room)) {
            for (const int slot : before) EXPECT_TRUE(keep.kept(slot)) << slot;
        }
    }
}

TEST_P(EveryPolicy, Keeps_the_same_slots_every_time) {
    for (const Room& room : rooms) {
        const std::vector<Keep> once = selected(room);
        const std::vector<Keep> again = selected(room);
        ASSERT_EQ(once.size(), again.size());
        for (std::size_t head = 0; head < once.size(); ++head) {
            EXPECT_EQ(once[head].slots(), again[head].slots());
        }
    }
}

TEST_P(EveryPolicy, Reads_back_from_its_spec) {
    EXPECT_EQ(make_policy(policy_->spec())->spec(), policy_->spec());
}

std::vector<std::string> specs() {
    std::vector<std::string> specs;
    for (const PolicyInfo& info : all_policies()) specs.push_back(info.name);
    specs.insert(specs.end(), {"infinipot:novelty=0",
                               "infinipot:novelty=1",
                               "infinipot:novelty=0.33333334",
                               "infinipot:carried=no",
                               "infinipot:carried=no,novelty=1",
                               "infinipot:probe=last",
                               "infinipot:share=heads,value_norm=l1",
                               "infinipot:share=none,pool=1,novelty_pool=1",
                               "infinipot:pool=sentence,novelty_pool=15",
                               "infinipot:pool=31,novelty_pool=9",
                               "streaming_llm:sinks=0",
                               "streaming_llm:sinks=1000",
                               "h2o:recent=0",
                               "h2o:recent=1000",
                               "h2o:value_norm=l1",
                               "tova:value_norm=l2",
                               "sirllm:sinks=0",
                               "sirllm:sinks=1000",
                               "sirllm:recent=12",
                               "sirllm:recent=1000",
                               "snapkv:window=1,pool=1",
                               "snapkv:window=1000",
                               "snapkv:window=8,pool=101",
                               "snapkv:window=8,pooling=maximum",
                               "snapkv:window=8,value_norm=l1",
                               "self_extend:group=3,neighbours=100",
                               "keydiff:sinks=4",
                               "keydiff:sinks=1000",
                               "expected_attention:sinks=0,value_norm=none",
                               "expected_attention:sinks=1000,epsilon=0.5",
                               "expected_attention:value_norm=l1",
                               "random:seed=0",
                               "random:seed=-2147483648"});
    return specs;
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPolicy, testing::ValuesIn(specs()), [](const auto& test) {
    std::string name = test.param;
    const auto odd = [](char c) { return !std::isalnum(c); };
    std::replace_if(name.begin(), name.end(), odd, '_');
    return name;
});

/// All default-valued options are in the spec, so that a result says what it was made with.
TEST(Registry, Describes_every_policy_and_prints_all_its_options) {
    for (const PolicyInfo& info : all_policies()) {
        const std::string spec = make_policy(info.name)->spec();
        EXPECT_FALSE(info.summary.empty() || info.source.empty() || info.cost.empty());
        for (const PolicyOption& option : info.options) {
            const std::string printed = option.name + '=' + option.default_value;
            EXPECT_NE(spec.find(printed), std::string::npos) << spec;
            EXPECT_FALSE(option.help.empty());
        }
    }
}

TEST(Registry, Describes_what_every_policy_needs) {
    std::map<std::string, std::string> needs;
    for (const PolicyInfo& info : all_policies()) needs[info.name] = info.needs;
    EXPECT_EQ(
        needs,
        (std::map<std::string, std::string>{
            {"infinipot",
             "attention of the catalyst, surprisal, position in the stream, ends of sentences"},
            {"streaming_llm", "nothing"},
            {"swa", "nothing"},
            {"h2o", "attention of all tokens"},
            {"tova", "attention of the last tokens"},
            {"sirllm", "surprisal"},
            {"snapkv", "attention of the last tokens"},
            {"truncate", "nothing"},
            {"self_extend", "nothing"},
            {"full", "nothing"},
            {"keydiff", "similarity of keys"},
            {"expected_attention", "norms of values, statistics of queries"},
            {"l2norm", "norms of keys"},
            {"random", "position in the stream"}}));
}

TEST(Registry, Describes_the_schedule_and_positions_of_every_policy) {
    for (const PolicyInfo& info : all_policies()) {
        const PolicyPtr policy = make_policy(info.name);
        EXPECT_EQ(parse_schedule(info.schedule), policy->schedule()) << info.name;
        EXPECT_EQ(parse_positions(info.positions), policy->positions()) << info.name;
    }
}

TEST(Registry, Marks_the_policies_that_need_memory_for_the_whole_text) {
    std::vector<std::string> unbounded;
    for (const PolicyInfo& info : all_policies()) {
        if (!info.bounded) unbounded.push_back(info.name);
    }
    EXPECT_EQ(unbounded, (std::vector<std::string>{"snapkv", "self_extend", "full"}));
}

}  // namespace
}  // namespace infinipot::policies
