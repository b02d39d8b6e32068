#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"

namespace infinipot::policies {
namespace {

std::string error_of(const std::string& spec) {
    try {
        return "made " + make_policy(spec)->spec();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
}

TEST(Registry, Makes_a_policy_from_its_name_with_the_defaults) {
    EXPECT_EQ(make_policy("infinipot")->spec(), infinipot()->spec());
    EXPECT_EQ(make_policy("streaming_llm")->spec(), streaming_llm()->spec());
    EXPECT_EQ(make_policy("full")->spec(), full()->spec());
}

TEST(Registry, Makes_a_policy_with_the_options_given) {
    EXPECT_EQ(make_policy("infinipot:novelty=0.3")->spec(),
              "infinipot:novelty=0.3,carried=yes,probe=catalyst,share=layers,pool=sentence,"
              "novelty_pool=sentence,value_norm=none");
    EXPECT_EQ(make_policy("snapkv:pooling=maximum,pool=7")->spec(),
              "snapkv:window=32,pool=7,pooling=maximum,value_norm=none");
    EXPECT_EQ(make_policy("streaming_llm:sinks=8")->spec(), "streaming_llm:sinks=8");
}

TEST(Registry, Names_the_nearest_policy) {
    EXPECT_EQ(error_of("infinitpot"),
              "there is no policy \"infinitpot\"; did you mean \"infinipot\"?");
}

TEST(Registry, Lists_the_policies_if_none_is_near) {
    EXPECT_EQ(
        error_of("pyramid"),
        "there is no policy \"pyramid\"; the policies are infinipot, streaming_llm, swa, h2o, "
        "tova, sirllm, snapkv, truncate, self_extend, full, keydiff, expected_attention, l2norm, "
        "random");
}

TEST(Registry, Names_the_nearest_option) {
    EXPECT_EQ(error_of("infinipot:novelity=0.3"),
              "policy infinipot has no option \"novelity\"; did you mean \"novelty\"?");
}

TEST(Registry, Lists_the_options_if_none_is_near) {
    EXPECT_EQ(error_of("infinipot:alpha=0.3"),
              "policy infinipot has no option \"alpha\"; its options are novelty, carried, probe, "
              "share, pool, novelty_pool, value_norm");
    EXPECT_EQ(error_of("full:sinks=1"), "policy full has no option \"sinks\"; it takes none");
}

TEST(Registry, Names_the_allowed_values_of_an_option) {
    EXPECT_EQ(error_of("infinipot:novelty=2"),
              "policy infinipot wants a number from 0 to 1 for novelty, not \"2\"");
    EXPECT_EQ(error_of("infinipot:novelty=half"),
              "policy infinipot wants a number from 0 to 1 for novelty, not \"half\"");
    EXPECT_EQ(error_of("streaming_llm:sinks=1.5"),
              "policy streaming_llm wants a whole number of at least 0 for sinks, not \"1.5\"");
}

/// Every spelling of the previous release with today's.
const std::vector<std::pair<std::string, std::string>> former_specs = {
    {"infinipot:carried=0", "infinipot:carried=no"},
    {"infinipot:carried=1", "infinipot:carried=yes"},
    {"infinipot:catalyst=0", "infinipot:probe=last"},
    {"infinipot:catalyst=1", "infinipot:probe=catalyst"},
    {"infinipot:shared=0", "infinipot:share=none"},
    {"infinipot:shared=1", "infinipot:share=heads"},
    {"infinipot:shared=2", "infinipot:share=layers"},
    {"infinipot:kernel=0", "infinipot:pool=sentence"},
    {"infinipot:kernel=7", "infinipot:pool=7"},
    {"infinipot:novelty_kernel=0", "infinipot:novelty_pool=sentence"},
    {"infinipot:novelty_kernel=7", "infinipot:novelty_pool=7"},
    {"infinipot:shared=1,value_norm=0", "infinipot:share=heads,value_norm=none"},
    {"infinipot:shared=1,value_norm=1", "infinipot:share=heads,value_norm=l1"},
    {"infinipot:shared=1,value_norm=2", "infinipot:share=heads,value_norm=l2"},
    {"h2o:recent=-1", "h2o:recent=half"},
    {"h2o:value_norm=0", "h2o:value_norm=none"},
    {"h2o:value_norm=1", "h2o:value_norm=l1"},
    {"h2o:value_norm=2", "h2o:value_norm=l2"},
    {"tova:value_norm=0", "tova:value_norm=none"},
    {"tova:value_norm=1", "tova:value_norm=l1"},
    {"tova:value_norm=2", "tova:value_norm=l2"},
    {"snapkv:kernel=7", "snapkv:pool=7"},
    {"snapkv:value_norm=0", "snapkv:value_norm=none"},
    {"snapkv:value_norm=1", "snapkv:value_norm=l1"},
    {"snapkv:value_norm=2", "snapkv:value_norm=l2"},
    {"expected_attention:value_norm=0", "expected_attention:value_norm=none"},
    {"expected_attention:value_norm=1", "expected_attention:value_norm=l1"},
    {"expected_attention:value_norm=2", "expected_attention:value_norm=l2"},
};

TEST(Registry, Reads_every_former_spelling_and_prints_todays) {
    for (const auto& [former, today] : former_specs)
        EXPECT_EQ(error_of(former), "made " + make_policy(today)->spec());
}

TEST(Registry, Has_a_test_for_every_former_spelling) {
    for (const PolicyInfo& info : all_policies()) {
        for (const PolicyOption& option : info.options) {
            for (const std::string& spelling : option.formerly) {
                const bool tested = std::ranges::any_of(former_specs, [&](const auto& pair) {
                    return pair.first.starts_with(info.name + ':') &&
                           pair.first.find(spelling) != std::string::npos;
                });
                EXPECT_TRUE(tested) << info.name << ' ' << spelling;
            }
        }
    }
}

TEST(Registry, Refuses_an_option_that_is_given_in_both_spellings) {
    EXPECT_EQ(error_of("infinipot:pool=3,kernel=3"),
              "policy infinipot is given the option \"pool\" more than once");
}

TEST(Registry, Names_the_nearest_value) {
    EXPECT_EQ(error_of("infinipot:share=layer"),
              "policy infinipot wants none, heads or layers for share, not \"layer\"; did you mean "
              "\"layers\"?");
}

}  // namespace
}  // namespace infinipot::policies
