#include "eval/ruler/task.h"

#include <algorithm>
#include <vector>

#include "base/nearest.h"
#include "eval/ruler/common_words.h"
#include "eval/ruler/frequent_words.h"
#include "eval/ruler/niah.h"
#include "eval/ruler/qa_stand_in.h"
#include "eval/ruler/variable_tracking.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

template <NiahSettings settings>
constexpr RulerTask niah(std::string_view name) {
    return {.name = name,
            .max_tokens = 128,
            .wants_haystack = settings.haystack == NiahHaystack::essay,
            .make = [](const RulerTask&, const ItemSpec& spec, std::size_t, const RulerData& data) {
                return make_niah(settings, spec, data);
            }};
}

constexpr RulerTask qa_stand_in(std::string_view name, std::string_view dataset) {
    return {.name = name,
            .max_tokens = 32,
            .metric = RulerMetric::any_found,
            .dataset = dataset,
            .make = [](const RulerTask& task, const ItemSpec& spec, std::size_t index,
                       const RulerData& data) {
                return make_qa_stand_in(spec, data.questions.at(std::string(task.dataset)), index);
            }};
}

constexpr auto noise = NiahHaystack::noise;
constexpr auto needles = NiahHaystack::needles;
constexpr auto uuid = NeedleKind::uuid;

constexpr RulerTask tasks[] = {
    niah<{.haystack = noise}>("niah_single_1"),
    niah<{}>("niah_single_2"),
    niah<{.value = uuid}>("niah_single_3"),
    niah<{.n_keys = 4}>("niah_multikey_1"),
    niah<{.haystack = needles}>("niah_multikey_2"),
    niah<{.haystack = needles, .key = uuid, .value = uuid}>("niah_multikey_3"),
    niah<{.n_values = 4}>("niah_multivalue"),
    niah<{.n_keys = 4, .n_queries = 4}>("niah_multiquery"),
    {.name = "vt",
     .max_tokens = 30,
     .make = [](const RulerTask&, const ItemSpec& spec, std::size_t,
                const RulerData&) { return make_variable_tracking(spec); }},
    {.name = "cwe",
     .max_tokens = 120,
     .make = [](const RulerTask&, const ItemSpec& spec, std::size_t,
                const RulerData& data) { return make_common_words(spec, data.words); }},
    {.name = "fwe",
     .max_tokens = 50,
     .make = [](const RulerTask&, const ItemSpec& spec, std::size_t,
                const RulerData&) { return make_frequent_words(spec); }},
    qa_stand_in("qa_1_stand_in", "2wikimqa"),
    qa_stand_in("qa_2_stand_in", "hotpotqa"),
};

}  // namespace

std::span<const RulerTask> ruler_tasks() { return tasks; }

const RulerTask& ruler_task(const std::string& name) {
    const auto found = std::ranges::find(tasks, name, &RulerTask::name);
    if (found != std::end(tasks)) return *found;
    std::vector<std::string> names;
    std::string all;
    for (const RulerTask& task : tasks) {
        names.emplace_back(task.name);
        all += (all.empty() ? "" : ", ") + names.back();
    }
    const auto meant = nearest(name, names);
    throw Error(ErrorCode::invalid_argument,
                "RULER has no task \"" + name + '"' +
                    (meant ? "; did you mean " + *meant + "?" : "; there are " + all));
}

RulerItem make_ruler_item(const RulerTask& task, const RulerSettings& settings,
                          const RulerData& data, const TokenCounter& n_tokens) {
    const std::string name = std::string(task.name) + ':' + std::to_string(settings.seed) + ':' +
                             std::to_string(settings.index);
    const ItemSpec spec = {name, settings.length, task.max_tokens, n_tokens};
    return task.make(task, spec, static_cast<std::size_t>(settings.index), data);
}

}  // namespace infinipot::eval
