#include "inspect/page.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string_view>

#include "eval/run/quantity.h"
#include "eval/run/results.h"
#include "page_template.h"  // made of inspect_page.html by the build

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Encodes bytes as in RFC 4648.
std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view three = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (j < three.size() ? static_cast<unsigned char>(three[j]) : 0u);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= three.size() ? digits[bits >> (18 - 6 * j) & 63] : '=';
        }
    }
    return text;
}

void append_little_endian(std::string& bytes, std::uint32_t value, std::size_t n_bytes) {
    for (std::size_t i = 0; i < n_bytes; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::string nats_bytes(const Inspection& inspection) {
    std::string bytes;
    for (const float nats : inspection.nats()) {
        append_little_endian(bytes, std::bit_cast<std::uint32_t>(nats), sizeof nats);
    }
    return bytes;
}

/// Returns the bytes that the number of a distillation takes.
std::size_t n_left_bytes(const eval::Survival& survival) {
    const std::uint32_t largest = survival.n_distillations();
    if (largest <= std::numeric_limits<std::uint8_t>::max()) return 1;
    return largest <= std::numeric_limits<std::uint16_t>::max() ? 2 : 4;
}

/// Returns the distillation that evicted each token, [n_layer][n_head_kv][n_tokens].
std::string left_bytes(const Inspection& inspection) {
    const eval::Survival& survival = *inspection.survival();
    const std::size_t n_bytes = n_left_bytes(survival);
    const auto n_tokens = static_cast<std::int64_t>(inspection.tokens().size());
    std::string bytes;
    for (int il = 0; il < survival.n_layer(); ++il) {
        for (int head = 0; head < survival.n_head_kv(); ++head) {
            for (std::int64_t at = 0; at < n_tokens; ++at) {
                append_little_endian(bytes, survival.left_at(il, head, at), n_bytes);
            }
        }
    }
    return bytes;
}

std::string title(const Report& report) {
    std::string names;
    for (const std::string& file : report.files) {
        const std::string name =
            file == "-" ? "the standard input" : std::filesystem::path(file).filename().string();
        names += (names.empty() ? "" : ", ") + name;
    }
    return "What survived of " + names;
}

std::string about(const Inspection& inspection, const Report& report) {
    const eval::Survival& survival = *inspection.survival();
    const ResolvedOptions& session = report.session;
    return std::filesystem::path(report.model.path).stem().string() + " read " +
           eval::count_text(inspection.tokens().size(), "token") + " with policy " +
           session.policy->spec() + ", schedule " + std::string(to_string(session.schedule)) +
           ": " + eval::count_text(survival.n_distillations(), "distillation") + " of " +
           eval::count_text(static_cast<std::uint64_t>(survival.n_layer()), "layer") + " × " +
           eval::count_text(static_cast<std::uint64_t>(survival.n_head_kv()), "KV head") +
           ", pot of " + eval::count_text(static_cast<std::uint64_t>(session.budget.capacity)) +
           ", retain " + eval::count_text(static_cast<std::uint64_t>(session.budget.retain)) + ".";
}

/// Returns the ids of control tokens by position.
Json control_tokens(const Inspection& inspection) {
    Json ids = Json::object();
    for (std::size_t at = 0; at < inspection.tokens().size(); ++at) {
        if (inspection.is_control(at)) ids[std::to_string(at)] = inspection.tokens()[at];
    }
    return ids;
}

Json tokens_read(const Inspection& inspection) {
    Json list = Json::array();
    for (std::uint32_t k = 1; k <= inspection.survival()->n_distillations(); ++k) {
        list.push_back(inspection.survival()->tokens_read(k));
    }
    return list;
}

Json answers(const Report& report) {
    Json list = Json::array();
    for (const Answer& answer : report.answers) {
        list.push_back({{"question", answer.question}, {"answer", answer.text}});
    }
    return list;
}

Json page_data(const Inspection& inspection, const Report& report) {
    return {{"title", title(report)},
            {"about", about(inspection, report)},
            {"answers", answers(report)},
            {"n_layer", inspection.survival()->n_layer()},
            {"n_head_kv", inspection.survival()->n_head_kv()},
            {"tokens_read", tokens_read(inspection)},
            {"pieces", inspection.pieces()},
            {"special", control_tokens(inspection)},
            {"nats", base64(nats_bytes(inspection))},
            {"left_bytes", n_left_bytes(*inspection.survival())},
            {"left", base64(left_bytes(inspection))}};
}

/// Returns JSON with every `<` escaped. Its meaning is the same, and it cannot end the script
/// around it.
std::string escaped(const std::string& json) {
    std::string text;
    text.reserve(json.size());
    for (const char c : json) {
        if (c == '<') {
            text += "\\u003c";
        } else {
            text += c;
        }
    }
    return text;
}

}  // namespace

std::string inspection_page(const Inspection& inspection, const Report& report) {
    constexpr std::string_view page = page_template, mark = "@DATA@";
    const std::size_t at = page.find(mark);
    return std::string(page.substr(0, at)) + escaped(eval::to_line(page_data(inspection, report))) +
           std::string(page.substr(at + mark.size()));
}

}  // namespace infinipot::cli
