#include "options/session_flags.h"

#include <limits>
#include <sstream>
#include <string>

#include "options/model_path.h"
#include "options/option_types.h"

namespace infinipot::cli {
namespace {

constexpr float no_limit = std::numeric_limits<float>::max();

template <typename T>
std::string with_default(const std::string& help, T value) {
    std::ostringstream text;
    text << help << " [" << value << "]";
    return text.str();
}

void add_budget_flags(CLI::App& app, SessionOptions& session) {
    Budget& budget = session.budget;
    const std::string group = "Memory, in entries (a token's place in the pot)";
    add_count(app, "--capacity", budget.capacity, 1,
              "Hard cap: never more entries [the model's window, at most 4096]")
        ->group(group);
    add_count(app, "--retain", budget.retain, 1,
              "Entries that survive a distillation [half of the capacity]")
        ->group(group);
    app.add_flag_callback(
           "--no-fill", [&budget] { budget.fill = false; },
           "Distil down to --retain at the end of a text, too [there only what must\n"
           "leaves, and all that was read since the last time stays whole]")
        ->group(group);
    add_count(app, "--reserve", budget.reserve, 0,
              "Entries free for a question and its answer [an eighth of the capacity;\n"
              "more where the questions are known and need it]")
        ->group(group);
    add_count(app, "--protect-first", budget.protect_first, 0,
              "Oldest entries, never evicted [the chat template's opening, at least 4]")
        ->group(group);
    add_count(app, "--protect-recent", budget.protect_recent, 0,
              "Latest entries, never evicted [a sixteenth of the capacity]")
        ->group(group);
    add_bytes(app, "--memory", budget.memory_bytes,
              "Cap in bytes, such as 64MiB, turned into the largest capacity that fits")
        ->group(group);
    add_choice(app, "--kv-type", session.kv_type,
               {{"f16", KvType::f16},
                {"bf16", KvType::bf16},
                {"q8_0", KvType::q8_0},
                {"q4_0", KvType::q4_0}},
               "How the pot stores numbers: f16, bf16, q8_0 or q4_0; the same bytes hold\n"
               "1.8 times the entries with q8_0, more than 3 times with q4_0 [f16]")
        ->group(group);
    app.add_flag("--beyond-window", budget.beyond_window,
                 "Allow a capacity above the model's trained window")
        ->group(group);
}

void add_policy_flags(CLI::App& app, eval::Method& method) {
    const std::string group = "What is remembered";
    app.add_option("--policy", method.policy,
                   "Which entries survive: name:option=value,... [infinipot:novelty=0.5];\n"
                   "'infinipot policies' lists them")
        ->type_name("value")
        ->option_text("SPEC")
        ->group(group);
    app.add_option("--catalyst", method.catalyst,
                   "What the text is read for: general (a summary), question (the\n"
                   "questions themselves), your own words, or for comparison general-1,\n"
                   "general-2, misaligned, unrelated [general]")
        ->type_name("value")
        ->option_text("TEXT")
        ->group(group);
    app.add_option("--schedule", method.schedule,
                   "When entries leave: when-full (down to --retain), one-by-one (for every\n"
                   "token), at-end (once; the text must fit), before-reading (the middle is\n"
                   "not read) [as the policy's source does]")
        ->type_name("value")
        ->option_text("WHEN")
        ->group(group);
    app.add_option("--positions", method.positions,
                   "Where they sit afterwards: reset (0, 1, ...) or keep (their place in the\n"
                   "stream) [reset, or as the policy's source does]")
        ->type_name("value")
        ->option_text("WHERE")
        ->group(group);
    add_count(app, "--focus", method.session.focus, 0,
              "Entries that an answer is written from, chosen anew for its question out\n"
              "of all that is remembered; 0: all [all, unless the model is much surer of\n"
              "its first words with half or an eighth of the capacity]")
        ->group(group);
    add_choice(app, "--preset", method.paper, {{"paper", true}},
               "paper: as in InfiniPot's experiments, nothing is protected, --no-fill,\n"
               "--focus 0 and, unless there is a --policy, it is\n"
               "infinipot:share=none,pool=1,novelty_pool=1")
        ->group(group);
}

void add_machine_flags(CLI::App& app, eval::Method& method) {
    const std::string group = "Machine";
    add_count(app, "--threads", method.session.n_threads, 1, "Threads [one per core, at most 8]")
        ->group(group);
    add_count(app, "--batch", method.session.n_batch, 1,
              with_default("Tokens per forward pass while reading", method.session.n_batch))
        ->group(group);
    app.add_option("--device", method.model_options.device,
                   "Where the model and its pot live: cpu, gpu, or a name from\n"
                   "'infinipot devices' [the first GPU, else the CPU]")
        ->type_name("value")
        ->option_text("NAME")
        ->group(group);
    add_choice(app, "--kernels", method.model_options.kernels,
               {{"native", Kernels::native}, {"ggml", Kernels::ggml}},
               "native: the fastest for this CPU; ggml: the reference [native]")
        ->group(group);
    add_count(app, "--sliding-window", method.model_options.sliding_window, 1,
              "Entries that each layer sees back, for a llama trained so without its file\n"
              "saying it: 4096 for Mistral 0.1 [what the file says]")
        ->group(group);
    add_count(app, "--novelty-vocab", method.model_options.novelty_vocab, 1,
              "Measure novelty against the N most frequent tokens and each token itself:\n"
              "cheaper, and nearly the same entries stay [against all]")
        ->group(group);
    app.add_flag_callback(
           "--no-repack", [&method] { method.model_options.repack = false; },
           "Use the weights as they lie in the file: slower, less memory")
        ->group(group);
}

}  // namespace

void add_model_flags(CLI::App& app, eval::Method& method) {
    app.add_option("-m,--model", method.model,
                   "GGUF file, or the name of a model that scripts/fetch-model\n"
                   "fetched [tinyllama]")
        ->type_name("value")
        ->option_text("MODEL");
}

void add_session_flags(CLI::App& app, eval::Method& method) {
    add_budget_flags(app, method.session);
    add_policy_flags(app, method);
    app.add_flag_callback(
           "--raw", [&method] { method.session.framing = Framing::raw; },
           "Give the model text and question as they are, without its chat\n"
           "template")
        ->group("Answer");
    add_machine_flags(app, method);
}

void add_answer_flags(CLI::App& app, GenerateOptions& options) {
    const std::string group = "Answer";
    Sampling& sampling = options.sampling;
    add_count(app, "--max-tokens", options.max_tokens, 1,
              with_default("Longest answer, in tokens", options.max_tokens))
        ->group(group);
    add_number(app, "--temperature", sampling.temperature, 0, no_limit,
               with_default("0 always takes the likeliest token; the next four need more",
                            sampling.temperature))
        ->group(group);
    add_count(app, "--top-k", sampling.top_k, 0,
              with_default("Sample among the k likeliest; 0 for all", sampling.top_k))
        ->group(group);
    add_number(app, "--top-p", sampling.top_p, 0, 1,
               with_default("Sample among the likeliest that make up p; 1 for all", sampling.top_p))
        ->group(group);
    add_number(app, "--min-p", sampling.min_p, 0, 1,
               with_default("Sample above p times the likeliest; 0 for all", sampling.min_p))
        ->group(group);
    add_count(app, "--seed", sampling.seed, with_default("Seed of the sampling", sampling.seed))
        ->group(group);
    add_number(app, "--repeat-penalty", sampling.repeat_penalty, 0, no_limit,
               with_default("Against the last 64 tokens; 1 for none", sampling.repeat_penalty))
        ->group(group);
}

Model load_model(const eval::Method& method) {
    return Model::load(find_model(method.model), method.model_options);
}

}  // namespace infinipot::cli
