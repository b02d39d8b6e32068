#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/byte_size.h"
#include "commands/commands.h"
#include "eval/run/quantity.h"
#include "infinipot/infinipot.h"
#include "options/describe.h"
#include "options/option_types.h"
#include "report/report.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string time_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", std::localtime(&time))};
}

Json to_json(const SnapshotInfo& info) {
    Json texts = Json::array();
    for (const TextRead& text : info.texts)
        texts.push_back({{"name", text.name}, {"bytes", text.bytes}, {"xxh3", text.hash}});
    return {{"model", info.model},
            {"architecture", info.architecture},
            {"policy", info.policy},
            {"schedule", to_string(info.schedule)},
            {"kv_type", to_string(info.kv_type)},
            {"capacity", info.capacity},
            {"n_kv", info.n_kv},
            {"bytes_read", info.bytes_read},
            {"tokens_read", info.tokens_read},
            {"distillations", info.distillations},
            {"saved_at", info.saved_at},
            {"file_bytes", info.file_bytes},
            {"texts", texts}};
}

std::string described(const SnapshotInfo& info) {
    std::string text = "model      " + info.model + " (" + info.architecture + ")\n";
    text += "policy     " + info.policy + ", " + std::string(to_string(info.schedule)) + "\n";
    text += "holds      " + std::to_string(info.n_kv) + " of " + std::to_string(info.capacity) +
            " entries of type " + std::string(to_string(info.kv_type)) + ", " +
            format_byte_size(info.file_bytes) + "\n";
    text += "has read   " + eval::count_text(info.tokens_read, "token") + ", " +
            eval::count_text(info.distillations, "distillation") + "\n";
    text += "saved      " + time_text(info.saved_at) + "\n";
    for (const TextRead& read : info.texts)
        text += "text       " + read.name + ", " + eval::count_text(read.bytes, "byte") + "\n";
    return text;
}

void require_files(const std::vector<std::string>& files) {
    if (!files.empty()) return;
    throw Error(ErrorCode::invalid_argument,
                "there is no pot to look at; see infinipot pot --help");
}

void show(const std::vector<std::string>& files, bool json) {
    require_files(files);
    Json list = Json::array();
    for (const std::string& file : files) {
        const SnapshotInfo info = read_snapshot_info(file);
        if (json) {
            list.push_back(to_json(info));
        } else {
            print((files.size() > 1 ? file + "\n" : "") + described(info));
        }
    }
    if (json) print(print_json(list));
}

void verify(const std::vector<std::string>& files) {
    require_files(files);
    for (const std::string& file : files) {
        verify_snapshot(file);
        print(file + " is whole\n");
    }
}

}  // namespace

Command add_pot(CLI::App& program) {
    CLI::App& app = *program.add_subcommand("pot", "Shows and checks pots, which ingest makes");
    const auto shown = std::make_shared<std::vector<std::string>>();
    const auto verified = std::make_shared<std::vector<std::string>>();
    const auto json = std::make_shared<bool>(false);
    CLI::App& show_app =
        *app.add_subcommand("show", "Shows what pots hold and which texts they have read");
    show_app.add_option("POT", *shown, "Pot")->type_name(file_values);
    show_app.add_flag("--json", *json, "Print a JSON array");
    CLI::App& verify_app = *app.add_subcommand("verify", "Compares every checksum of pots");
    verify_app.add_option("POT", *verified, "Pot")->type_name(file_values);
    return {&app, [&show_app, &verify_app, shown, verified, json] {
                if (show_app.parsed()) return show(*shown, *json);
                if (verify_app.parsed()) return verify(*verified);
                throw Error(ErrorCode::invalid_argument,
                            "pot wants a command, show or verify; see infinipot pot --help");
            }};
}

}  // namespace infinipot::cli
