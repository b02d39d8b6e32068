#include "models/hub/hub_access.h"

#include <algorithm>
#include <cctype>

#include "infinipot/error.h"

namespace infinipot::models {
namespace {

constexpr const char* default_endpoint = "https://huggingface.co";

bool is_on(std::string value) {
    for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return value == "1" || value == "true" || value == "yes" || value == "on";
}

}  // namespace

HubAccess HubAccess::of(const Variables& variables) {
    std::string address = variables.text("HF_ENDPOINT");
    if (address.empty()) address = default_endpoint;
    const auto endpoint = parse_url(address);
    if (!endpoint)
        throw Error(ErrorCode::invalid_argument,
                    "HF_ENDPOINT is no address of a Hub: \"" + address + '"');
    HubAccess access = {*endpoint, variables.text("HF_TOKEN"),
                        is_on(variables.text("HF_HUB_OFFLINE"))};
    const auto is_of_a_token = [](unsigned char c) { return std::isgraph(c) != 0; };
    if (!std::ranges::all_of(access.token, is_of_a_token))
        throw Error(ErrorCode::invalid_argument, "HF_TOKEN is no token: it has odd characters");
    return access;
}

Url HubAccess::url(const std::string& path) const {
    Url url = endpoint;
    while (url.target.ends_with('/')) url.target.pop_back();
    url.target += path;
    return url;
}

}  // namespace infinipot::models
