#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/byte_size.h"
#include "commands/commands.h"
#include "infinipot/device.h"
#include "report/report.h"
#include "terminal/output.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_table() {
    std::string text;
    for (const DeviceInfo& device : devices()) {
        std::string name = device.name;
        name.resize(std::max<std::size_t>(10, name.size() + 1), ' ');
        text += bold(name, stdout) + device.description + ", " +
                format_byte_size(device.memory_bytes) + ", of which " +
                format_byte_size(device.free_bytes) + " are free\n";
    }
    print(text + "Use one with --device NAME\n");
}

void print_as_json() {
    Json list = Json::array();
    for (const DeviceInfo& device : devices()) {
        list.push_back({{"name", device.name},
                        {"description", device.description},
                        {"memory_bytes", device.memory_bytes},
                        {"free_bytes", device.free_bytes}});
    }
    print(print_json(list));
}

}  // namespace

Command add_devices(CLI::App& program) {
    const auto json = std::make_shared<bool>(false);
    CLI::App& app =
        *program.add_subcommand("devices", "Lists the devices that can hold a model: CPU and GPUs");
    app.add_flag("--json", *json, "Print a JSON array");
    return {&app, [json] { *json ? print_as_json() : print_table(); }};
}

}  // namespace infinipot::cli
