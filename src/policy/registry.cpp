#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/spec.h"

namespace infinipot {
namespace policies {

/// Each policy's file defines its row. A new policy adds one name, here and in the list below.
using RowOf = AnyPolicyRow();
RowOf infinipot_row, streaming_llm_row, swa_row, h2o_row, tova_row, sirllm_row, snapkv_row,
    truncate_row, self_extend_row, full_row, keydiff_row, expected_attention_row, l2norm_row,
    random_row;

namespace {

/// All rows, in the order of help and documents.
const std::vector<AnyPolicyRow>& rows() {
    static const std::vector<AnyPolicyRow> all = {
        infinipot_row(),   streaming_llm_row(), swa_row(),     h2o_row(),
        tova_row(),        sirllm_row(),        snapkv_row(),  truncate_row(),
        self_extend_row(), full_row(),          keydiff_row(), expected_attention_row(),
        l2norm_row(),      random_row()};
    return all;
}

/// Adds the needs, schedule and positions that the policy with default options reports.
PolicyInfo complete(const AnyPolicyRow& row) {
    PolicyInfo info = row.info;
    const PolicyPtr policy = row.make(PolicySpec(info.name));
    info.needs = describe(policy->needs());
    info.schedule = to_string(policy->schedule());
    info.positions = to_string(policy->positions());
    info.bounded = info.bounded && policy->schedule() != Schedule::at_end;
    return info;
}

const AnyPolicyRow& find_row(const std::string& name) {
    std::vector<std::string> known;
    for (const AnyPolicyRow& row : rows()) {
        if (row.info.name == name) return row;
        known.push_back(row.info.name);
    }
    throw Error(ErrorCode::invalid_argument,
                "there is no policy \"" + name + "\"; " + hint(name, known, "the policies are"));
}

}  // namespace
}  // namespace policies

const std::vector<PolicyInfo>& all_policies() {
    static const std::vector<PolicyInfo> infos = [] {
        std::vector<PolicyInfo> all;
        std::ranges::transform(policies::rows(), std::back_inserter(all), policies::complete);
        return all;
    }();
    return infos;
}

PolicyPtr make_policy(std::string_view text) {
    const PolicySpec spec = PolicySpec::parse(text);
    return policies::find_row(spec.name()).make(spec);
}

}  // namespace infinipot
