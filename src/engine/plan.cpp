#include "engine/plan.h"

#include <algorithm>
#include <string>
#include <thread>

#include "infinipot/error.h"
#include "model/grouped_attention.h"
#include "model/model_impl.h"

namespace infinipot {

namespace {

bool groups_natively(const Model::Impl& model, const ResolvedOptions& o) {
    const int capacity = o.budget.capacity;
    const CacheShape shape = model.size->pot(capacity, o.kv_type);
    for (int il = 0; il < shape.n_layer; ++il) {
        if (!groups_natively(model.hparams, model.options.kernels, shape,
                             model.pot_attention(il, capacity)))
            return false;
    }
    return true;
}

constexpr int default_capacity = 4096;
constexpr int largest_default_threads = 8;
constexpr int smallest_chunk = 8;  // tokens read between two distillations, at the least

std::string number(long long n) { return std::to_string(n); }

[[noreturn]] void contradiction(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

[[noreturn]] void too_small(const std::string& sentence) {
    throw Error(ErrorCode::does_not_fit, sentence);
}

void require_at_least(int value, int least, const char* name) {
    if (value >= least) return;
    contradiction(std::string(name) + " is " + number(value) + " and must be at least " +
                  number(least));
}

[[noreturn]] void refuse_memory(std::size_t bytes, CacheShape shape, int n_batch,
                                const Model::Impl& model) {
    const auto text = [](std::size_t n) { return number(static_cast<long long>(n)) + " bytes"; };
    shape.capacity = 1;
    const std::size_t beside = model.size->bytes_beside(shape, n_batch);
    too_small("a memory of " + text(bytes) + " holds not even one entry of " +
              text(KvCache::entry_bytes(shape)) +
              (beside == 0 ? "" : " next to the " + text(beside) + " that other layers keep"));
}

/// Returns the capacity that the budget asks for, in entries or in bytes, whichever is smaller. Who
/// asks in bytes alone gets as many entries as fit, up to the window.
int capacity_of(const Plan& plan, const Budget& asked, int n_batch, const Model::Impl& model) {
    const CacheShape shape = cache_shape(plan, model);
    const int window = model.hparams.n_ctx_train;
    int capacity =
        asked.capacity.value_or(asked.memory_bytes ? window : std::min(default_capacity, window));
    if (asked.memory_bytes) {
        const int entries = model.size->entries_in(*asked.memory_bytes, shape, n_batch, capacity);
        if (entries == 0) refuse_memory(*asked.memory_bytes, shape, n_batch, model);
        capacity = std::min(capacity, entries);
    }
    require_at_least(capacity, 1, "the capacity");
    return capacity;
}

void check_window(const ResolvedOptions& options, const Model::Impl& model) {
    const int capacity = options.budget.capacity;
    const int n_ctx_train = model.hparams.n_ctx_train;
    if (capacity <= n_ctx_train || options.budget.beyond_window) return;
    contradiction("a capacity of " + number(capacity) + " goes beyond the " + number(n_ctx_train) +
                  " positions that the model was trained on; choose at most " +
                  number(n_ctx_train) + ", or allow it with beyond_window");
}

/// Refuses settings that need a cache that the CPU can reach.
void check_device(const Plan& plan, const Model::Impl& model) {
    if (is_cpu(model.device)) return;
    const std::string device = device_name(model.device);
    if (plan.options.schedule == Schedule::per_token) {
        contradiction("policy " + plan.options.policy->spec() +
                      " under schedule per-token moves single entries, which a KV cache on " +
                      device + " does not; choose schedule when-full, or the device cpu");
    }
    if (ggml_is_quantized(cache_shape(plan, model).type)) {
        contradiction("a KV cache of type " + std::string(to_string(plan.options.kv_type)) +
                      " is possible on the cpu alone; on " + device + " choose f16 or bf16");
    }
}

/// Returns why a question cannot choose entries as a catalyst does; nothing if it can.
std::string obstacle_to_answer_budget(const Plan& plan) {
    if (plan.needs.attention != AttentionProbe::catalyst) {
        return "is chosen with the question as catalyst, which policy " +
               plan.options.policy->spec() + " does not use; choose infinipot";
    }
    if (plan.options.schedule != Schedule::when_full ||
        plan.options.positions.rule != Positions::reset) {
        return "wants schedule when-full and positions reset";
    }
    return {};
}

void check_answer_budget(const Plan& plan, const std::string& obstacle) {
    const int n = plan.options.answer_budget.n;
    require_at_least(n, plan.options.budget.protect_first + 1, "the answer budget");
    const std::string start = "an answer budget of " + number(n) + " entries ";
    if (n >= plan.options.budget.capacity) {
        contradiction(start + "must be less than the capacity of " +
                      number(plan.options.budget.capacity));
    }
    if (!obstacle.empty()) contradiction(start + obstacle);
}

/// Resolves an automatic budget to all if a question cannot choose entries.
void resolve_answer_budget(Plan& plan) {
    AnswerBudget& chosen = plan.options.answer_budget;
    const std::string obstacle = obstacle_to_answer_budget(plan);
    if (chosen.rule == AnswerBudget::automatic && !obstacle.empty()) chosen = {};
    if (chosen.rule == AnswerBudget::all) return;
    if (chosen.rule == AnswerBudget::fixed) return check_answer_budget(plan, obstacle);
    for (const int part : {2, 8}) {
        const int n = plan.options.budget.capacity / part;
        if (n > plan.options.budget.protect_first) plan.tried_answer_budgets.push_back(n);
    }
}

/// Refuses windows in the pot under per-token eviction: they are counted in slots, and a new entry
/// takes any slot that is free.
void check_local_layers(const Plan& plan, const Model::Impl& model) {
    if (plan.options.schedule != Schedule::per_token) return;
    const int capacity = plan.options.budget.capacity;
    for (int il = 0; il < model.size->layers().n(LayerKind::global); ++il) {
        const int window = model.pot_attention(il, capacity).window;
        if (window == 0 || window >= capacity) continue;
        contradiction(
            "schedule per-token does not keep entries in order, and this model has "
            "layers that see the last " +
            number(window) + " alone; choose a capacity of at most " + number(window) +
            ", or schedule when-full");
    }
}

/// Resolves schedule and positions. Refuses what per-token eviction cannot give a policy, and
/// schedules and positions that exclude each other.
void resolve_schedule(Plan& plan, const SessionOptions& asked) {
    const EvictionPolicy& policy = *plan.options.policy;
    plan.options.schedule = asked.schedule.value_or(policy.schedule());
    const bool as_in_source =
        plan.options.schedule == policy.schedule() || policy.positions().rule == Positions::grouped;
    plan.options.positions =
        asked.positions.value_or(as_in_source ? policy.positions() : Positions());

    const std::string run = "policy " + policy.spec() + " under schedule " +
                            std::string(to_string(plan.options.schedule)) + ": ";
    if (plan.options.schedule == Schedule::per_token) {
        if (plan.needs.attention == AttentionProbe::catalyst) {
            contradiction(run + "it would read the catalyst prompt for every token; use when-full");
        }
        if (plan.needs.attention == AttentionProbe::recent && plan.needs.n_query > 1) {
            contradiction(run + "it needs the attention of the last " + number(plan.needs.n_query) +
                          " tokens together, which come one at a time; use when-full or at-end");
        }
        if (plan.needs.across_layers) {
            contradiction(run + "layers, which must choose together, choose one after another; " +
                          "use when-full, or an option such as infinipot's share=heads");
        }
        if (plan.needs.expected_attention) {
            contradiction(run +
                          "it would estimate future attention for every token; use when-full");
        }
    }
    if (plan.needs.expected_attention && plan.options.positions.rule == Positions::keep) {
        contradiction(run + "it needs to know how far the next queries turn; use positions reset");
    }
    const bool cuts = plan.options.schedule == Schedule::before_reading;
    if (cuts != (policy.schedule() == Schedule::before_reading)) {
        contradiction(run + (cuts ? "nothing is evicted there; use policy truncate"
                                  : "it cuts the text before it is read; use before-reading"));
    }
    if (plan.options.positions.rule == Positions::grouped) {
        if (policy.positions().rule != Positions::grouped) {
            contradiction(
                "grouped positions keep every entry; use policy self_extend, which sets "
                "them, and not " +
                policy.spec());
        }
        if (plan.options.positions.group < 1 || plan.options.positions.neighbours < 1) {
            contradiction("grouped positions want a group and neighbours of at least 1");
        }
    }
}

/// Returns the most entries that the cache holds while a text is read.
int fill_limit_of(const Plan& plan) {
    const ResolvedBudget& budget = plan.options.budget;
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    if (plan.options.schedule == Schedule::per_token) return budget.retain;
    const int reserve = std::min(budget.reserve, budget.capacity);
    if (plan.options.schedule == Schedule::at_end) {  // the catalyst comes behind the question
        return budget.capacity - n_catalyst - reserve;
    }
    return budget.capacity - std::max(n_catalyst, reserve);
}

int automatic_retain(const Plan& plan) {
    const ResolvedBudget& budget = plan.options.budget;
    if (plan.options.schedule != Schedule::per_token) return budget.capacity / 2;
    return budget.capacity - std::max(1, budget.reserve);  // the token that comes needs a slot
}

void check_room_to_read(const Plan& plan) {
    const ResolvedBudget& budget = plan.options.budget;
    if (budget.retain >= budget.capacity) {
        contradiction("retain is " + number(budget.retain) +
                      " and must be less than the capacity of " + number(budget.capacity));
    }
    if (plan.options.schedule == Schedule::per_token &&
        budget.reserve > budget.capacity - budget.retain) {
        too_small("a capacity of " + number(budget.capacity) + " entries is too small for " +
                  number(budget.retain) + " retained and a reserve of " + number(budget.reserve) +
                  "; raise the capacity or lower the others");
    }
    const int least = std::max(smallest_chunk, plan.needs.n_query);
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    if (plan.options.schedule == Schedule::when_full && plan.fill_limit - budget.retain < least) {
        too_small("a capacity of " + number(budget.capacity) + " entries is too small for " +
                  number(budget.retain) + " retained, a catalyst of " + number(n_catalyst) +
                  " tokens, a reserve of " + number(budget.reserve) + " and at least " +
                  number(least) + " new tokens; raise the capacity or lower the others");
    }
    if (plan.fill_limit < smallest_chunk) {
        too_small("a capacity of " + number(budget.capacity) + " entries and a reserve of " +
                  number(budget.reserve) + " leave no room for a text; raise the capacity");
    }
    if (budget.protect_first > budget.retain ||
        budget.protect_recent > budget.retain - budget.protect_first) {
        contradiction("protect_first " + number(budget.protect_first) + " and protect_recent " +
                      number(budget.protect_recent) + " are together more than the " +
                      number(budget.retain) + " entries retained");
    }
}

void resolve_budget(Plan& plan, const Budget& asked, int n_batch, const Model::Impl& model) {
    ResolvedBudget& budget = plan.options.budget;
    const int n_opening = static_cast<int>(plan.frame.opening.size());
    budget.memory_bytes = asked.memory_bytes.value_or(0);
    budget.beyond_window = asked.beyond_window;
    budget.capacity = capacity_of(plan, asked, n_batch, model);
    budget.reserve = asked.reserve.value_or(budget.capacity / 8);
    budget.retain = asked.retain.value_or(automatic_retain(plan));
    budget.protect_first =
        asked.protect_first.value_or(std::min(std::max(4, n_opening), budget.retain / 4));
    budget.protect_recent =
        asked.protect_recent.value_or(std::min(budget.capacity / 16, budget.retain / 4));
    if (!asked.retain && budget.retain < 1) {
        too_small("a capacity of " + number(budget.capacity) +
                  (budget.capacity == 1 ? " entry" : " entries") +
                  " is too small to read with; raise the capacity");
    }
    require_at_least(budget.reserve, 0, "the reserve");
    require_at_least(budget.retain, 1, "retain");
    require_at_least(budget.protect_first, 0, "protect_first");
    require_at_least(budget.protect_recent, 0, "protect_recent");
    budget.fill = asked.fill && plan.options.schedule == Schedule::when_full;
    plan.fill_limit = fill_limit_of(plan);
    check_room_to_read(plan);
}

int resolved_threads(std::optional<int> asked) {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    const int n_threads = asked.value_or(std::clamp(cores, 1, largest_default_threads));
    require_at_least(n_threads, 1, "the number of threads");
    return std::min(n_threads, GGML_MAX_N_THREADS);
}

int resolved_batch(const Plan& plan, int asked, const Model::Impl& model) {
    const int n_batch =
        std::min(model.size->batch(plan.options.budget.capacity, asked), plan.fill_limit);
    const bool grouped = plan.options.positions.rule == Positions::grouped;
    if (!grouped || groups_natively(model, plan.options)) return n_batch;
    return std::min(n_batch,
                    grouped_batch_tokens(plan.options.budget.capacity, model.hparams.n_head));
}

}  // namespace

CacheShape cache_shape(const Plan& plan, const Model::Impl& model) {
    CacheShape shape = model.size->pot(plan.options.budget.capacity, plan.options.kv_type);
    shape.accumulates = plan.needs.attention == AttentionProbe::accumulated;
    return shape;
}

Plan make_plan(const Model::Impl& model, SessionOptions asked, const PromptTokens* tokens) {
    Plan plan;
    ResolvedOptions& o = plan.options;
    o.policy = asked.policy ? asked.policy : policies::infinipot();
    o.catalyst = asked.catalyst.empty() ? std::string(general_catalyst) : asked.catalyst;
    o.kv_type = asked.kv_type;
    o.framing = asked.framing;
    o.system_prompt = asked.system_prompt;
    o.separator = asked.separator;
    o.answer_budget = asked.answer_budget;
    o.measure_surprisal = asked.measure_surprisal;
    plan.needs = o.policy->needs();
    if (plan.needs.sentences) plan.sentence_ends = model.sentence_ends();
    plan.frame = tokens != nullptr ? tokens->frame
                                   : prompt_frame(model, o.framing, o.separator, o.system_prompt);
    if (plan.needs.attention == AttentionProbe::catalyst) {
        plan.catalyst = tokens != nullptr ? tokens->catalyst
                                          : frame_question(model, plan.frame, o.catalyst, true);
        if (plan.catalyst.empty()) contradiction("the catalyst prompt has no tokens");
    }
    resolve_schedule(plan, asked);
    require_at_least(asked.n_batch, 1, "the batch");
    resolve_budget(plan, asked.budget, asked.n_batch, model);
    check_window(o, model);
    check_local_layers(plan, model);
    check_device(plan, model);
    resolve_answer_budget(plan);
    if (static_cast<int>(plan.frame.opening.size()) >= plan.fill_limit) {
        too_small("a capacity of " + number(o.budget.capacity) +
                  " entries is too small for the opening of the chat template; raise the capacity");
    }
    o.n_batch = resolved_batch(plan, asked.n_batch, model);
    o.n_threads = resolved_threads(asked.n_threads);
    return plan;
}

}  // namespace infinipot
