#include <gtest/gtest.h>

#include <string>

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
              "infinipot:novelty=0.3,carried=yes,probe=catalyst,share=layers,pool=sentence,novelty_"
              "pool=sentence,value_"
              "norm=0");
    EXPECT_EQ(make_policy("snapkv:pooling=maximum,pool=7")->spec(),
              "snapkv:window=32,pool=7,pooling=maximum,value_norm=none");
    EXPECT_EQ(make_policy("streaming_llm:sinks=8")->spec(), "streaming_llm:sinks=8");
}

TEST(Registry, Names_the_nearest_policy) {
    EXPECT_EQ(error_of("infinitpot"),
              "there is no policy \"infinitpot\"; did you mean \"infinipot\"?");
}

TEST(Registry, Lists_the_policies_where_none_is_near) {
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

TEST(Registry, Lists_the_options_where_none_is_near) {
    EXPECT_EQ(
        error_of("infinipot:alpha=0.3"),
        "policy infinipot has no option \"alpha\"; its options are novelty, carried, catalyst, "
        "shared, kernel, novelty_kernel, value_norm");
    EXPECT_EQ(error_of("full:sinks=1"), "policy full has no option \"sinks\"; it takes none");
}

TEST(Registry, Says_which_values_an_option_takes) {
    EXPECT_EQ(error_of("infinipot:novelty=2"), "policy infinipot wants novelty from 0 to 1, not 2");
    EXPECT_EQ(error_of("infinipot:novelty=half"),
              "policy infinipot wants a number for novelty, not \"half\"");
    EXPECT_EQ(error_of("streaming_llm:sinks=1.5"),
              "policy streaming_llm wants a whole number for sinks, not \"1.5\"");
}

}  // namespace
}  // namespace infinipot::policies
