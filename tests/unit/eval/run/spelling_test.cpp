#include "eval/run/spelling.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "eval/run/fingerprint.h"
#include "eval/run/results.h"
#include "infinipot/policies.h"
#include "support/paths.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

const std::string old_spec =
    "infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0";
const std::string new_spec =
    "infinipot:novelty=0.5,carried=yes,probe=catalyst,share=layers,pool=sentence,"
    "novelty_pool=sentence,value_norm=none";

/// A line of results/needle-settings/s2k0nk0.general.jsonl.
const std::string old_line =
    R"line({"task":"needle","model":"Storage","file_bytes":1169808352,"policy":"infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0","catalyst":"general","schedule":"when-full","positions":"reset","framing":"raw","budget":{"capacity":2048,"retain":1024,"reserve":256,"protect_first":4,"protect_recent":128,"memory_bytes":0,"beyond_window":false},"mode":"query-agnostic","haystack":"sherlock-holmes.txt","kind":"pass-key","needles":1,"length":4096,"depth":0.5,"key_index":1,"seed":77,"id":"{\"task\":\"needle\",\"model\":\"Storage\",\"file_bytes\":1169808352,\"policy\":\"infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0\",\"catalyst\":\"general\",\"schedule\":\"when-full\",\"positions\":\"reset\",\"framing\":\"raw\",\"budget\":{\"capacity\":2048,\"retain\":1024,\"reserve\":256,\"protect_first\":4,\"protect_recent\":128,\"memory_bytes\":0,\"beyond_window\":false},\"mode\":\"query-agnostic\",\"haystack\":\"sherlock-holmes.txt\",\"kind\":\"pass-key\",\"needles\":1,\"length\":4096,\"depth\":0.5,\"key_index\":1,\"seed\":77}","wanted":["98401"],"answers":[" a very important thing.\n\n\"I shall be delighted.\"\n\n\"You don't mind breaking the"],"scores":[0.0],"score":0.0,"tokens_read":4097,"tokens_left_out":0,"distillations":4,"prefill_seconds":1.9055962220000002,"tokens_generated":24,"decode_seconds":0.5585011990000002,"ttft_seconds":0.045055264,"pot_bytes":72089600,"peak_n_kv":1808,"version":"0.1.0","commit":"a1614e9d4e10","model_fingerprint":"7846ad421fd745fa","device":"CUDA0","kernels":"ggml","threads":1,"batch":512,"parallel":8})line";

/// A line of results/longbench/fill-general.jsonl, whose item is framed otherwise than its method.
const std::string old_longbench_line =
    R"line({"task":"longbench","model":"Storage","file_bytes":1169808352,"policy":"infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0","catalyst":"general","schedule":"when-full","positions":"reset","framing":"raw","asked":{"capacity":2048,"retain":"automatic","reserve":"automatic","protect_first":"automatic","protect_recent":"automatic","memory_bytes":0,"beyond_window":false,"fill":true,"framing":"chat"},"mode":"query-agnostic","max_length":0,"method_id":"6afbff10a87f6a0e","dataset":"repobench-p","item":"mini:repobench-p:11","prompt":"ea22c06857a5e1fa","max_tokens":64,"id":"{\"task\":\"longbench\",\"model\":\"Storage\",\"file_bytes\":1169808352,\"policy\":\"infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0\",\"catalyst\":\"general\",\"schedule\":\"when-full\",\"positions\":\"reset\",\"framing\":\"raw\",\"asked\":{\"capacity\":2048,\"retain\":\"automatic\",\"reserve\":\"automatic\",\"protect_first\":\"automatic\",\"protect_recent\":\"automatic\",\"memory_bytes\":0,\"beyond_window\":false,\"fill\":true,\"framing\":\"chat\"},\"mode\":\"query-agnostic\",\"max_length\":0,\"method_id\":\"6afbff10a87f6a0e\",\"dataset\":\"repobench-p\",\"item\":\"mini:repobench-p:11\",\"prompt\":\"ea22c06857a5e1fa\",\"max_tokens\":64}","length":1585,"limit":0,"seed":1,"tokens_cut":0,"question_tokens":6,"budget":{"capacity":2048,"retain":1024,"reserve":70,"protect_first":4,"protect_recent":128,"memory_bytes":0,"beyond_window":false,"fill":true},"pred":"    @sdproperty\n    def flags_bytearray(self, val):\n        self._flags = binascii.unhexify(val)\n\n    @sdproperty\n    def flags_str(self):\n        return binascii.unhexify(self.flags.","stop_reason":"max_tokens","score_levenshtein":0.38,"score":0.38,"tokens_read":5434,"tokens_left_out":0,"distillations":4,"prefill_seconds":126.659789961,"tokens_generated":64,"decode_seconds":5.425419915,"ttft_seconds":0.177422271,"pot_bytes":72089600,"peak_n_kv":2047,"version":"0.1.0","commit":"6040dfc62239-dirty","model_fingerprint":"7846ad421fd745fa","device":"cpu","kernels":"native","threads":1,"batch":512,"parallel":1})line";

/// The settings of which that line's method_id is the fingerprint.
const std::string old_longbench_method =
    R"line({"task":"longbench","model":"Storage","file_bytes":1169808352,"policy":"infinipot:novelty=0.5,carried=1,catalyst=1,shared=2,kernel=0,novelty_kernel=0,value_norm=0","catalyst":"general","schedule":"when-full","positions":"reset","framing":"chat","asked":{"capacity":2048,"retain":"automatic","reserve":"automatic","protect_first":"automatic","protect_recent":"automatic","memory_bytes":0,"beyond_window":false,"fill":true,"framing":"chat"},"mode":"query-agnostic","max_length":0})line";

std::string with_new_spec(std::string text) {
    for (std::size_t at; (at = text.find(old_spec)) != std::string::npos;)
        text.replace(at, old_spec.size(), new_spec);
    return text;
}

TEST(PolicySpelling, An_old_line_becomes_the_line_that_todays_program_writes) {
    Json result = Json::parse(old_line);
    spell_as_today(result);
    EXPECT_EQ(result, Json::parse(with_new_spec(old_line)));
    EXPECT_EQ(result["policy"], new_spec);
}

TEST(PolicySpelling, A_line_in_todays_spelling_stays_as_it_is) {
    const Json before = Json::parse(with_new_spec(old_line));
    Json result = before;
    spell_as_today(result);
    EXPECT_EQ(result, before);
}

TEST(PolicySpelling, A_policy_that_is_not_registered_stays_as_it_is) {
    Json result = {{"policy", "mine:kernel=0"}, {"id", "mine:kernel=0"}};
    const Json before = result;
    spell_as_today(result);
    EXPECT_EQ(result, before);
}

TEST(PolicySpelling, A_method_id_becomes_the_one_of_the_same_settings_today) {
    const Json old = Json::parse(old_longbench_line);
    ASSERT_EQ(old["method_id"], fingerprint(old_longbench_method));
    Json expected = Json::parse(with_new_spec(old_longbench_line));
    const std::string id = fingerprint(with_new_spec(old_longbench_method));
    expected["method_id"] = id;
    Json settings = Json::parse(expected["id"].get<std::string>());
    settings["method_id"] = id;
    expected["id"] = to_line(settings);

    Json result = old;
    spell_as_today(result);
    EXPECT_EQ(result, expected);
    EXPECT_NE(id, old["method_id"]);
}

TEST(PolicySpelling, A_method_id_of_unknown_origin_stays_as_it_is) {
    Json result = {{"policy", old_spec}, {"method_id", "0123456789abcdef"}};
    spell_as_today(result);
    EXPECT_EQ(result["policy"], new_spec);
    EXPECT_EQ(result["method_id"], "0123456789abcdef");
}

TEST(PolicySpelling, A_run_resumes_from_a_line_in_the_old_spelling) {
    const TempDir folder;
    const auto path = folder.path() / "results.jsonl";
    std::ofstream(path) << old_line << '\n';
    const Results results(path, [](const Json&) { return true; });
    const std::string id = Json::parse(with_new_spec(old_line))["id"];
    EXPECT_TRUE(results.find(id));
}

/// The policies of the results that the project publishes, with the number of lines of each.
std::map<std::string, int> published_policies() {
    std::map<std::string, int> policies;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(source_file("results"))) {
        if (entry.path().extension() != ".jsonl") continue;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            const Json result = Json::parse(line, nullptr, false);
            const std::string policy = result.is_object() ? result.value("policy", "") : "";
            EXPECT_NE(policy, "") << entry.path() << ": " << line.substr(0, 100);
            ++policies[policy];
        }
    }
    return policies;
}

TEST(PolicySpelling, Every_policy_of_the_published_results_is_a_policy_of_today) {
    const auto policies = published_policies();
    ASSERT_FALSE(policies.empty()) << "no line in results/";
    for (const auto& [spec, n_lines] : policies) {
        SCOPED_TRACE(spec + " in " + std::to_string(n_lines) + " lines");
        PolicyPtr policy;
        ASSERT_NO_THROW(policy = make_policy(spec));
        ASSERT_TRUE(policy);
        EXPECT_EQ(policy->spec().substr(0, policy->spec().find(':')),
                  spec.substr(0, spec.find(':')));
        Json result = {{"policy", spec}};
        spell_as_today(result);
        EXPECT_EQ(result["policy"], policy->spec());
        EXPECT_EQ(make_policy(policy->spec())->spec(), policy->spec());
    }
}

}  // namespace
}  // namespace infinipot::eval
