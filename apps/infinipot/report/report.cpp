#include "report/report.h"

#include <array>
#include <charconv>
#include <cstddef>

#include "base/byte_size.h"
#include "eval/bench/peak_memory.h"
#include "eval/run/method.h"
#include "eval/run/provenance.h"
#include "eval/run/quantity.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

double prefill_rate(const Stats& stats) {
    return eval::rate(static_cast<double>(stats.tokens_read), stats.prefill_seconds);
}

double decode_rate(const Stats& stats) {
    return eval::rate(static_cast<double>(stats.tokens_generated), stats.decode_seconds);
}

double mean_ttft_seconds(const std::vector<Answer>& answers) {
    double sum = 0;
    for (const Answer& answer : answers) sum += answer.ttft_seconds;
    return eval::rate(sum, static_cast<double>(answers.size()));
}

bool was_cut(const Answer& answer) {
    return answer.stop_reason == StopReason::max_tokens ||
           answer.stop_reason == StopReason::pot_full;
}

std::string why_cut(const Answer& answer) {
    const std::string after =
        "cut after " + eval::count_text(static_cast<std::uint64_t>(answer.n_tokens), "token");
    if (answer.stop_reason == StopReason::max_tokens) return after + "; --max-tokens raises that";
    return after + " because the KV cache was full; --reserve leaves more room";
}

std::string left_out_sentence(const Stats& stats) {
    if (stats.tokens_left_out == 0) return {};
    return eval::count_text(stats.tokens_left_out, "token") +
           " in the middle of the text were not read, as this schedule has it\n";
}

std::string cut_sentences(const std::vector<Answer>& answers) {
    std::string text;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!was_cut(answers[i])) continue;
        text += answers.size() > 1 ? "answer " + std::to_string(i + 1) : "the answer";
        text += " was " + why_cut(answers[i]) + "\n";
    }
    return text;
}

Json model_json(const ModelInfo& info, const ModelOptions& options) {
    return {{"path", info.path},
            {"name", info.name},
            {"architecture", info.architecture},
            {"device", info.device},
            {"n_ctx_train", info.n_ctx_train},
            {"file_bytes", info.file_bytes},
            {"copied_weight_bytes", info.copied_weight_bytes},
            {"load_seconds", info.load_seconds},
            {"kernels", eval::kernels_word(info, options)},
            {"repack", options.repack && info.device == "cpu"},
            {"sliding_window", options.sliding_window},
            {"novelty_vocab", info.n_novelty_vocab}};
}

/// Returns the double that prints like the float: 0.95, not 0.949999988.
double decimal(float value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    double result = 0;
    std::from_chars(text.data(), end, result);
    return result;
}

Json biases_json(const std::vector<LogitBias>& biases) {
    Json list = Json::array();
    for (const LogitBias& each : biases)
        list.push_back({{"token", each.token}, {"bias", decimal(each.bias)}});
    return list;
}

Json sampling_json(const Sampling& sampling) {
    return {{"temperature", decimal(sampling.temperature)},
            {"top_k", sampling.top_k},
            {"top_p", decimal(sampling.top_p)},
            {"min_p", decimal(sampling.min_p)},
            {"repeat_penalty", decimal(sampling.repeat_penalty)},
            {"presence_penalty", decimal(sampling.presence_penalty)},
            {"frequency_penalty", decimal(sampling.frequency_penalty)},
            {"seed", sampling.seed}};
}

Json token_json(const TokenLogprob& token) {
    const std::vector<unsigned char> bytes(token.bytes.begin(), token.bytes.end());
    return {{"id", token.token},
            {"token", token.bytes},
            {"bytes", bytes},
            {"logprob", decimal(token.logprob)}};
}

Json tokens_json(const std::vector<DrawnToken>& tokens) {
    Json list = Json::array();
    for (const DrawnToken& drawn : tokens) {
        Json token = token_json(drawn);
        token["likeliest"] = Json::array();
        for (const TokenLogprob& each : drawn.likeliest)
            token["likeliest"].push_back(token_json(each));
        list.push_back(std::move(token));
    }
    return list;
}

Json answers_json(const std::vector<Answer>& answers) {
    Json list = Json::array();
    for (const Answer& answer : answers) {
        list.push_back({{"question", answer.question},
                        {"answer", answer.text},
                        {"stop_reason", eval::word(answer.stop_reason)},
                        {"n_tokens", answer.n_tokens},
                        {"ttft_seconds", answer.ttft_seconds},
                        {"answer_budget", answer.answer_budget}});
        if (!answer.tokens.empty()) list.back()["tokens"] = tokens_json(answer.tokens);
    }
    return list;
}

Json stats_json(const Stats& stats) {
    return {{"bytes_read", stats.bytes_read},
            {"tokens_read", stats.tokens_read},
            {"tokens_left_out", stats.tokens_left_out},
            {"tokens_generated", stats.tokens_generated},
            {"distillations", stats.distillations},
            {"n_kv", stats.n_kv},
            {"peak_n_kv", stats.peak_n_kv},
            {"pot_bytes", stats.pot_bytes},
            {"compute_bytes", stats.compute_bytes},
            {"prefill_seconds", stats.prefill_seconds},
            {"surprisal_seconds", stats.surprisal_seconds},
            {"catalyst_seconds", stats.catalyst_seconds},
            {"select_seconds", stats.select_seconds},
            {"gather_seconds", stats.gather_seconds},
            {"graph_seconds", stats.graph_seconds},
            {"decode_seconds", stats.decode_seconds},
            {"prefill_tokens_per_second", prefill_rate(stats)},
            {"decode_tokens_per_second", decode_rate(stats)}};
}

}  // namespace

Answer answer_of(const Session& session, const Generation& generation, std::string question,
                 std::string text) {
    const Stats stats = session.stats();
    return {.question = std::move(question),
            .text = std::move(text),
            .stop_reason = generation.stop_reason(),
            .n_tokens = generation.n_tokens(),
            .ttft_seconds = stats.ttft_seconds,
            .answer_budget = stats.answer_budget,
            .tokens = {}};
}

Report report_on(const Session& session, const ModelOptions& model_options,
                 std::vector<std::string> files, const GenerateOptions& generate,
                 std::vector<Answer> answers) {
    return {.model = session.model().info(),
            .model_options = model_options,
            .files = std::move(files),
            .session = session.options(),
            .generate = generate,
            .answers = std::move(answers),
            .stats = session.stats(),
            .peak_memory_bytes = eval::peak_memory_bytes()};
}

std::string closing_lines(const Report& report) {
    const Stats& stats = report.stats;
    const auto tokens_read = static_cast<double>(stats.tokens_read);
    const auto tokens_generated = static_cast<double>(stats.tokens_generated);
    return left_out_sentence(stats) + cut_sentences(report.answers) + "read " +
           eval::count_text(stats.tokens_read, "token") + " at " +
           eval::rate_text(tokens_read, stats.prefill_seconds) + ", " +
           eval::count_text(stats.distillations, "distillation") + "; TTFT " +
           eval::seconds_text(mean_ttft_seconds(report.answers)) + "; wrote " +
           eval::count_text(stats.tokens_generated, "token") + " at " +
           eval::rate_text(tokens_generated, stats.decode_seconds) + "; KV " +
           format_byte_size(stats.pot_bytes) + "; peak memory " +
           format_byte_size(report.peak_memory_bytes) + "\n";
}

Json to_json(const Report& report) {
    const ResolvedOptions& session = report.session;
    return {{"version", INFINIPOT_VERSION},
            {"model", model_json(report.model, report.model_options)},
            {"files", report.files},
            {"budget", eval::budget_json(session.budget)},
            {"policy", session.policy->spec()},
            {"schedule", to_string(session.schedule)},
            {"positions", to_string(session.positions)},
            {"kv_type", to_string(session.kv_type)},
            {"framing", session.framing == Framing::chat ? "chat" : "raw"},
            {"catalyst", session.catalyst},
            {"answer_budget", eval::answer_budget_json(session.answer_budget)},
            {"n_batch", session.n_batch},
            {"n_threads", session.n_threads},
            {"max_tokens", report.generate.max_tokens},
            {"stop", report.generate.stop},
            {"logit_bias", biases_json(report.generate.logit_bias)},
            {"grammar", report.generate.grammar},
            {"json_schema", report.generate.json_schema},
            {"sampling", sampling_json(report.generate.sampling)},
            {"answers", answers_json(report.answers)},
            {"stats", stats_json(report.stats)},
            {"peak_rss_bytes", report.peak_memory_bytes}};
}

std::string print_json(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace infinipot::cli
