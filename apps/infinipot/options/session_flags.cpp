#include "options/session_flags.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "base/word_list.h"
#include "eval/run/catalysts.h"
#include "models/catalogue.h"
#include "options/describe.h"
#include "options/names.h"
#include "options/option_types.h"

namespace infinipot::cli {
namespace {

constexpr float no_limit = std::numeric_limits<float>::max();

std::vector<std::string> catalyst_words() {
    std::vector<std::string> words = {"question"};
    for (const eval::Catalyst& each : eval::catalysts()) words.emplace_back(each.name);
    return words;
}

/// Returns all schedules except before-reading, which only policy truncate uses.
std::vector<std::string> schedule_words() {
    std::vector<std::string> words;
    for (const Schedule each : {Schedule::when_full, Schedule::per_token, Schedule::at_end}) {
        words.emplace_back(to_string(each));
    }
    return words;
}

template <typename T>
std::string with_default(const std::string& help, T value) {
    std::ostringstream text;
    text << help << " [" << value << "]";
    return text.str();
}

void add_budget_flags(CLI::App& app, Budget& budget) {
    add_count(app, names::capacity, budget.capacity, 1,
              "Most entries that the KV cache holds [4096, with --memory what fits]")
        ->group(headings::memory);
    add_bytes(app, "--memory", budget.memory_bytes,
              "Most bytes that the KV cache takes, such as 64MiB")
        ->group(headings::memory);
    add_count(app, "--retain", budget.retain, 1,
              "Entries that survive a distillation [half of the capacity]")
        ->group(advanced(headings::memory));
    const std::string group = advanced(headings::memory);
    add_count(app, "--reserve", budget.reserve, 0,
              "Entries kept free for a question and its answer [an eighth of the capacity, or what "
              "the questions need]")
        ->group(group);
    add_count(app, "--protect-first", budget.protect_first, 0,
              "Oldest entries that are never evicted [the chat template's opening, at least 4]")
        ->group(group);
    add_count(app, "--protect-recent", budget.protect_recent, 0,
              "Latest entries that are never evicted [a sixteenth of the capacity]")
        ->group(group);
    app.add_flag("--beyond-window", budget.beyond_window,
                 "Allow a capacity above the window that the model was trained with")
        ->group(group);
}

void add_kv_type_flag(CLI::App& app, KvType& type) {
    std::vector<std::pair<std::string, KvType>> words;
    for (const KvType each : all_kv_types()) words.emplace_back(to_string(each), each);
    add_choice(app, names::kv_type, type, words, kv_type_help())
        ->option_text("TYPE")
        ->group(headings::memory);
}

AnswerBudget answer_budget_of(const std::string& given) {
    if (given == "all" || given == "0") return {};
    if (given == "auto") return {AnswerBudget::automatic};
    int n = 0;
    const auto [stop, error] = std::from_chars(given.data(), given.data() + given.size(), n);
    if (error == std::errc() && stop == given.data() + given.size() && n > 0)
        return {AnswerBudget::fixed, n};
    throw CLI::ValidationError(
        "--answer-budget wants all, auto or a whole number of at least 1, not \"" + given + '"');
}

CLI::Option* add_answer_budget_flag(CLI::App& app, AnswerBudget& budget) {
    const auto set = [&budget](const std::string& given) { budget = answer_budget_of(given); };
    return app
        .add_option_function<std::string>(
            "--answer-budget", set,
            "Entries that an answer is generated from, chosen by the question: all, auto (a part "
            "if the model is more confident with it) or a number [all]")
        ->type_name("all|auto")
        ->option_text("N");
}

void add_policy_flags(CLI::App& app, eval::Method& method) {
    suggest(*add_text(app, names::policy, method.policy, "SPEC", policy_help)
                 ->group(headings::eviction),
            policy_names());
    CLI::Option* catalyst =
        add_text(app, "--catalyst", method.catalyst, "TEXT",
                 "Prompt that scores entries: general, question or your words [general]")
            ->group(headings::eviction);
    suggest(*catalyst, catalyst_words());
    const std::string group = advanced(headings::eviction);
    CLI::Option* schedule = add_text(app, "--schedule", method.schedule, "WORD",
                                     "When entries are evicted: " + one_of(schedule_words()) +
                                         " [as the policy's "
                                         "paper does]")
                                ->group(group);
    suggest(*schedule, schedule_words());
    CLI::Option* positions =
        add_text(app, "--positions", method.positions, "WORD",
                 "Positions of surviving entries: reset (renumbered from 0) or keep (as read) "
                 "[reset, or as the policy's paper does]")
            ->group(group);
    suggest(*positions, {"reset", "keep"});
    add_choice(app, "--end", method.session.budget.fill, {{"fill", true}, {"retain", false}},
               "How the end of a text is distilled: fill (evict only what lacks room) or retain "
               "(down to --retain) [fill]")
        ->group(group);
    add_answer_budget_flag(app, method.session.answer_budget)->group(group);
    app.add_flag("--paper", method.paper,
                 "Settings of InfiniPot's paper: its policy, no protected entries, --end retain")
        ->group(group);
}

void add_machine_flags(CLI::App& app, eval::Method& method) {
    ModelOptions& model = method.model_options;
    add_count(app, names::threads, method.session.n_threads, 1, "Threads [one per core, at most 8]")
        ->group(headings::machine);
    const std::string group = advanced(headings::machine);
    CLI::Option* device =
        add_text(app, "--device", model.device, "NAME",
                 "Device of the model: cpu, gpu or a name that 'infinipot devices' prints [the "
                 "first GPU, else the CPU]")
            ->group(group);
    suggest(*device, {"cpu", "gpu"});
    add_count(app, names::batch, method.session.n_batch, 1,
              with_default("Tokens per forward pass while a text is read", method.session.n_batch))
        ->group(group);
    add_choice(app, "--kernels", model.kernels,
               {{"native", Kernels::native}, {"ggml", Kernels::ggml}},
               "CPU kernels: native (the fastest for this CPU) or ggml (the reference) [native]")
        ->group(group);
    add_count(app, "--sliding-window", model.sliding_window, 1,
              "Sliding-window size in tokens, for models whose file omits it; 4096 for Mistral 7B "
              "v0.1 [as the file says]")
        ->group(group);
    app.add_flag_callback(
           "--exact-novelty", [&model] { model.novelty_vocab = std::numeric_limits<int>::max(); },
           "Normalise surprisal over all tokens, even if the vocabulary is large for the model")
        ->group(group);
    app.add_flag_callback(
           "--no-repack", [&model] { model.repack = false; },
           "Use the weights in the file's layout, which is slower and takes less memory")
        ->group(group);
}

}  // namespace

std::vector<std::string> kv_type_names() {
    std::vector<std::string> names;
    for (const KvType type : all_kv_types()) names.emplace_back(to_string(type));
    return names;
}

std::string kv_type_help() {
    return "Type of the numbers in the KV cache: " + one_of(kv_type_names()) + " [f16]";
}

std::vector<std::string> policy_names() {
    std::vector<std::string> names;
    for (const PolicyInfo& each : all_policies()) names.push_back(each.name);
    return names;
}

void add_model_flags(CLI::App& app, eval::Method& method) {
    method.model = models::default_model();
    CLI::Option* model =
        add_text(app, "-m,--model", method.model, "MODEL",
                 "GGUF file, or a name that 'infinipot models' lists [qwen2.5-coder-1.5b]")
            ->type_name(file_values);
    const auto set = [&method](const std::string& given) {
        method.model = "hf:" + given;
        method.gets_model = true;
    };
    app.add_option_function<std::string>(
           "--hf-repo,--hf", set,
           "Model of Hugging Face's Hub, which is got if it is not here; -hf is the same")
        ->type_name(text_values)
        ->option_text("USER/REPO[:TYPE]")
        ->excludes(model)
        ->group(advanced("Options"));
}

std::vector<CLI::Option*> add_session_flags(CLI::App& app, eval::Method& method) {
    const std::vector<CLI::Option*> before = app.get_options();
    add_budget_flags(app, method.session.budget);
    add_kv_type_flag(app, method.session.kv_type);
    add_policy_flags(app, method);
    app.add_flag_callback(
           "--raw", [&method] { method.session.framing = Framing::raw; },
           "Give the model text and question without its chat template")
        ->group(advanced(headings::answer));
    add_machine_flags(app, method);
    std::vector<CLI::Option*> stored;
    for (CLI::Option* option : app.get_options()) {
        const bool is_new = std::ranges::find(before, option) == before.end();
        if (is_new && !option->check_name("--threads")) stored.push_back(option);
    }
    return stored;
}

void add_answer_flags(CLI::App& app, GenerateOptions& options) {
    Sampling& sampling = options.sampling;
    add_count(app, names::max_tokens, options.max_tokens, 1,
              with_default("Most tokens of an answer", options.max_tokens))
        ->group(headings::answer);
    add_number(
        app, "--temperature,--temp", sampling.temperature, 0, no_limit,
        with_default("Temperature of sampling; 0 takes the likeliest token", sampling.temperature))
        ->group(headings::answer);
    add_count(app, names::seed, sampling.seed, with_default("Seed of sampling", sampling.seed))
        ->group(headings::answer);
    add_repeated_text(app, "--stop", options.stop, "TEXT",
                      "Text that ends an answer; repeat it for more")
        ->group(headings::answer);
    const std::string group = advanced(headings::answer);
    add_count(app, "--top-k", sampling.top_k, 0,
              with_default("Sample among the k likeliest tokens; 0 for all", sampling.top_k))
        ->group(group);
    add_number(
        app, "--top-p", sampling.top_p, 0, 1,
        with_default("Sample among the likeliest tokens that make up p; 1 for all", sampling.top_p))
        ->group(group);
    add_number(
        app, "--min-p", sampling.min_p, 0, 1,
        with_default("Sample among tokens above p times the likeliest; 0 for all", sampling.min_p))
        ->group(group);
    add_number(app, "--repeat-penalty", sampling.repeat_penalty, 0, no_limit,
               with_default("Penalty for repeating one of the last 64 tokens; 1 for none",
                            sampling.repeat_penalty))
        ->group(group);
    add_number(app, "--presence-penalty", sampling.presence_penalty, -100, 100,
               with_default("Number subtracted from the logits of the last 64 tokens",
                            sampling.presence_penalty))
        ->group(group);
    add_number(app, "--frequency-penalty", sampling.frequency_penalty, -100, 100,
               with_default("The same for each time that a token is among them",
                            sampling.frequency_penalty))
        ->group(group);
    add_biases(app, "--logit-bias", options.logit_bias, -1000, 1000,
               "Number added to the logit of a token, such as 15043=-100; repeat it for more")
        ->group(group);
}

void refuse_settings(const std::vector<CLI::Option*>& settings, const std::string& pot) {
    for (const CLI::Option* option : settings) {
        if (option->count() == 0) continue;
        throw Error(ErrorCode::invalid_argument,
                    option->get_name() + " is stored with " + pot +
                        " and cannot be changed; leave it out, or begin another pot");
    }
}

}  // namespace infinipot::cli
