#include "engine/plan.h"

#include <algorithm>
#include <string>
#include <thread>

#include "infinipot/error.h"
#include "model/grouped_attention.h"
#include "model/model_impl.h"
#include "text/sentence_ends.h"

namespace infinipot {

namespace {

bool groups_natively(const Model::Impl& model, const SessionOptions& o) {
    const int capacity = o.budget.capacity;
    const CacheShape shape = model.hparams.cache_shape(capacity, o.kv_type);
    for (int il = 0; il < model.hparams.n_layer; ++il) {
        if (!groups_natively(model.hparams, model.options.kernels, shape,
                             model.architecture->attention(il, capacity)))
            return false;
    }
    return true;
}

constexpr int default_capacity = 4096;
constexpr int largest_default_threads = 8;
constexpr int smallest_stride = 8;  // tokens read between two distillations, at the least

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

int chosen(int value, int automatic) { return value == Budget::automatic ? automatic : value; }

/// The capacity that the budget asks for, in entries or in bytes, whichever is smaller.
int capacity_of(const Plan& plan, const Model::Impl& model) {
    const Budget& budget = plan.options.budget;
    const int n_ctx_train = model.hparams.n_ctx_train;
    const CacheShape shape = cache_shape(plan, model);
    int capacity = chosen(budget.capacity, std::min(default_capacity, n_ctx_train));
    if (budget.memory_bytes > 0) {
        const std::size_t entry = KvCache::entry_bytes(shape);
        const std::size_t entries = budget.memory_bytes / entry;
        if (entries == 0) {
            too_small("a memory of " + number(static_cast<long long>(budget.memory_bytes)) +
                      " bytes holds not even one entry of " +
                      number(static_cast<long long>(entry)) + " bytes");
        }
        capacity =
            static_cast<int>(std::min<std::size_t>(entries, static_cast<std::size_t>(capacity)));
    }
    require_at_least(capacity, 1, "the capacity");
    return capacity;
}

void check_window(const SessionOptions& options, const Model::Impl& model) {
    const int capacity = options.budget.capacity;
    const int n_ctx_train = model.hparams.n_ctx_train;
    if (capacity <= n_ctx_train || options.budget.beyond_window) return;
    contradiction("a capacity of " + number(capacity) + " goes beyond the " + number(n_ctx_train) +
                  " positions that the model was trained on; choose at most " +
                  number(n_ctx_train) + ", or allow it with beyond_window");
}

/// What needs the pot where the CPU can reach it.
void check_device(const Plan& plan, const Model::Impl& model) {
    if (is_cpu(model.device)) return;
    const std::string device = device_name(model.device);
    if (plan.schedule == Schedule::per_token) {
        contradiction("policy " + plan.options.policy->spec() +
                      " under schedule one-by-one moves single entries, which a pot on " + device +
                      " does not; choose schedule when-full, or the device cpu");
    }
    if (ggml_is_quantized(cache_shape(plan, model).type)) {
        contradiction("a pot of type " + std::string(to_string(plan.options.kv_type)) +
                      " lives on the cpu alone; on " + device + " choose f16 or bf16");
    }
}

/// Why a question cannot choose entries as a catalyst does; nothing if it can.
std::string obstacle_to_focus(const Plan& plan) {
    if (plan.needs.attention != AttentionProbe::catalyst) {
        return "is chosen with the question as catalyst, which policy " +
               plan.options.policy->spec() + " does not use; choose infinipot";
    }
    if (plan.schedule != Schedule::when_full || plan.positions.rule != Positions::reset) {
        return "wants schedule when-full and positions reset";
    }
    return {};
}

void check_focus(const Plan& plan, const std::string& obstacle) {
    const int focus = plan.options.focus;
    require_at_least(focus, plan.options.budget.protect_first + 1, "the focus");
    const std::string start = "a focus of " + number(focus) + " entries ";
    if (focus >= plan.options.budget.capacity) {
        contradiction(start + "must be less than the capacity of " +
                      number(plan.options.budget.capacity));
    }
    if (!obstacle.empty()) contradiction(start + obstacle);
}

/// Automatic where a question cannot choose: all there is.
void resolve_focus(Plan& plan) {
    int& focus = plan.options.focus;
    const std::string obstacle = obstacle_to_focus(plan);
    if (focus == SessionOptions::automatic && !obstacle.empty()) focus = 0;
    if (focus == 0) return;
    if (focus != SessionOptions::automatic) return check_focus(plan, obstacle);
    for (const int part : {2, 8}) {
        const int n = plan.options.budget.capacity / part;
        if (n > plan.options.budget.protect_first) plan.foci.push_back(n);
    }
}

/// A window is counted in slots, and one-by-one eviction puts what comes wherever a slot is free.
void check_local_layers(const Plan& plan, const Model::Impl& model) {
    if (plan.schedule != Schedule::per_token) return;
    const int capacity = plan.options.budget.capacity;
    for (int il = 0; il < model.hparams.n_layer; ++il) {
        const int window = model.architecture->attention(il, capacity).window;
        if (window == 0 || window >= capacity) continue;
        contradiction(
            "schedule one-by-one does not keep entries in order, and this model has "
            "layers that see the last " +
            number(window) + " alone; choose a capacity of at most " + number(window) +
            ", or schedule when-full");
    }
}

/// What one-by-one eviction cannot give a policy, and what other settings do not go together.
void resolve_schedule(Plan& plan) {
    const EvictionPolicy& policy = *plan.options.policy;
    plan.schedule = plan.options.schedule.value_or(policy.schedule());
    const bool as_in_source =
        plan.schedule == policy.schedule() || policy.positions().rule == Positions::grouped;
    plan.positions =
        plan.options.positions.value_or(as_in_source ? policy.positions() : Positions());
    plan.options.schedule = plan.schedule;
    plan.options.positions = plan.positions;

    const std::string run = "policy " + policy.spec() + " under schedule " +
                            std::string(to_string(plan.schedule)) + ": ";
    if (plan.schedule == Schedule::per_token) {
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
    if (plan.needs.expected_attention && plan.positions.rule == Positions::keep) {
        contradiction(run + "it needs to know how far the next queries turn; use positions reset");
    }
    const bool cuts = plan.schedule == Schedule::before_reading;
    if (cuts != (policy.schedule() == Schedule::before_reading)) {
        contradiction(run + (cuts ? "nothing is evicted there; use policy truncate"
                                  : "it cuts the text before it is read; use before-reading"));
    }
    if (plan.positions.rule == Positions::grouped) {
        if (policy.positions().rule != Positions::grouped) {
            contradiction(
                "grouped positions keep every entry; use policy self_extend, which sets "
                "them, and not " +
                policy.spec());
        }
        if (plan.positions.group < 1 || plan.positions.neighbours < 1) {
            contradiction("grouped positions want a group and neighbours of at least 1");
        }
    }
}

/// How many entries the pot may hold while it is being read into.
int fill_limit_of(const Plan& plan) {
    const Budget& budget = plan.options.budget;
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    if (plan.schedule == Schedule::per_token) return budget.retain;
    if (plan.schedule == Schedule::at_end) {  // the catalyst comes behind the question
        return budget.capacity - n_catalyst - budget.reserve;
    }
    return budget.capacity - std::max(n_catalyst, budget.reserve);
}

int automatic_retain(const Plan& plan) {
    const Budget& budget = plan.options.budget;
    if (plan.schedule != Schedule::per_token) return budget.capacity / 2;
    return budget.capacity - std::max(1, budget.reserve);  // the token that comes needs a slot
}

void check_room_to_read(const Plan& plan) {
    const Budget& budget = plan.options.budget;
    if (budget.retain >= budget.capacity) {
        contradiction("retain is " + number(budget.retain) +
                      " and must be less than the capacity of " + number(budget.capacity));
    }
    if (plan.schedule == Schedule::per_token && budget.retain + budget.reserve > budget.capacity) {
        too_small("a capacity of " + number(budget.capacity) + " entries is too small for " +
                  number(budget.retain) + " retained and a reserve of " + number(budget.reserve) +
                  "; raise the capacity or lower the others");
    }
    const int least = std::max(smallest_stride, plan.needs.n_query);
    const int n_catalyst = static_cast<int>(plan.catalyst.size());
    if (plan.schedule == Schedule::when_full && plan.fill_limit - budget.retain < least) {
        too_small("a capacity of " + number(budget.capacity) + " entries is too small for " +
                  number(budget.retain) + " retained, a catalyst of " + number(n_catalyst) +
                  " tokens, a reserve of " + number(budget.reserve) + " and at least " +
                  number(least) + " new tokens; raise the capacity or lower the others");
    }
    if (plan.fill_limit < smallest_stride) {
        too_small("a capacity of " + number(budget.capacity) + " entries and a reserve of " +
                  number(budget.reserve) + " leave no room for a text; raise the capacity");
    }
    if (budget.protect_first + budget.protect_recent > budget.retain) {
        contradiction("protect_first " + number(budget.protect_first) + " and protect_recent " +
                      number(budget.protect_recent) + " are together more than the " +
                      number(budget.retain) + " entries retained");
    }
}

void resolve_budget(Plan& plan, const Model::Impl& model) {
    Budget& budget = plan.options.budget;
    const int n_opening = static_cast<int>(plan.opening.size());
    budget.capacity = capacity_of(plan, model);
    budget.reserve = chosen(budget.reserve, budget.capacity / 8);
    budget.retain = chosen(budget.retain, automatic_retain(plan));
    budget.protect_first =
        chosen(budget.protect_first, std::min(std::max(4, n_opening), budget.retain / 4));
    budget.protect_recent =
        chosen(budget.protect_recent, std::min(budget.capacity / 16, budget.retain / 4));
    require_at_least(budget.reserve, 0, "the reserve");
    require_at_least(budget.retain, 1, "retain");
    require_at_least(budget.protect_first, 0, "protect_first");
    require_at_least(budget.protect_recent, 0, "protect_recent");
    budget.fill = budget.fill && plan.schedule == Schedule::when_full;
    plan.fill_limit = fill_limit_of(plan);
    check_room_to_read(plan);
}

bool framed(const Plan& plan, const Model::Impl& model) {
    return plan.options.framing == Framing::chat && model.frame.has_value();
}

}  // namespace

CacheShape cache_shape(const Plan& plan, const Model::Impl& model) {
    CacheShape shape =
        model.hparams.cache_shape(plan.options.budget.capacity, plan.options.kv_type);
    shape.accumulates = plan.needs.attention == AttentionProbe::accumulated;
    return shape;
}

std::vector<Token> frame_question(const Model::Impl& model, const Plan& plan,
                                  std::string_view question, bool after_text,
                                  std::string_view answer_prefix) {
    const bool chat = framed(plan, model);
    std::string words = (after_text && chat ? plan.options.separator : "") + std::string(question);
    if (!chat) return model.vocabulary.tokenize(words += answer_prefix);
    std::vector<Token> tokens = model.vocabulary.tokenize(words);
    tokens.insert(tokens.end(), plan.closing.begin(), plan.closing.end());
    const std::vector<Token> prefix = model.vocabulary.tokenize(answer_prefix);
    tokens.insert(tokens.end(), prefix.begin(), prefix.end());
    return tokens;
}

Plan make_plan(const Model::Impl& model, SessionOptions options) {
    Plan plan{.options = std::move(options)};
    SessionOptions& o = plan.options;
    if (!o.policy) o.policy = policies::infinipot();
    if (o.catalyst.empty()) o.catalyst = general_catalyst;
    plan.needs = o.policy->needs();
    if (plan.needs.sentences) plan.sentence_ends = sentence_ends(model.vocabulary);

    plan.opening = model.vocabulary.stream_start();
    if (framed(plan, model)) {
        const auto opening = model.vocabulary.tokenize_control(model.frame->opening);
        plan.opening.insert(plan.opening.end(), opening.begin(), opening.end());
        plan.closing = model.vocabulary.tokenize_control(model.frame->closing);
    }
    if (plan.needs.attention == AttentionProbe::catalyst) {
        plan.catalyst = frame_question(model, plan, o.catalyst, true);
        if (plan.catalyst.empty()) contradiction("the catalyst prompt has no tokens");
    }
    resolve_schedule(plan);
    resolve_budget(plan, model);
    check_window(o, model);
    check_local_layers(plan, model);
    check_device(plan, model);
    resolve_focus(plan);
    if (static_cast<int>(plan.opening.size()) >= plan.fill_limit) {
        too_small("a capacity of " + number(o.budget.capacity) +
                  " entries is too small for the opening of the chat template; raise the capacity");
    }

    require_at_least(o.n_batch, 1, "the batch");
    o.n_batch = std::min(o.n_batch, plan.fill_limit);
    if (plan.positions.rule == Positions::grouped && !groups_natively(model, o)) {
        o.n_batch =
            std::min(o.n_batch, grouped_batch_tokens(o.budget.capacity, model.hparams.n_head));
    }
    require_at_least(o.n_threads, 0, "the number of threads");
    if (o.n_threads == 0) {
        const auto cores = static_cast<int>(std::thread::hardware_concurrency());
        o.n_threads = std::clamp(cores, 1, largest_default_threads);
    }
    o.n_threads = std::min(o.n_threads, GGML_MAX_N_THREADS);
    return plan;
}

}  // namespace infinipot
