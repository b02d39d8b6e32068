#include "models/hub/hub_tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "infinipot/error.h"
#include "models/hub/hub_request.h"

namespace infinipot::models {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_answer = std::size_t{64} << 20;
constexpr int most_pages = 100;

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::file_error, sentence);
}

struct Answer {
    Json json;
    HttpHead head;
};

/// Asks for a JSON text.
Answer ask(const HubAccess& access, const Url& url, const std::string& repository,
           const std::function<void()>& poll) {
    std::string text;
    HubRequest request = {.url = url, .what = "the repository " + repository};
    request.receiver = {[&](const HttpHead&) {
                            text.clear();
                            return true;
                        },
                        [&](std::string_view data) {
                            text += data;
                            return text.size() <= longest_answer;
                        }};
    request.poll = poll;
    Answer answer;
    answer.head = hub_get(access, request);
    answer.json = Json::parse(text, nullptr, false);
    if (answer.json.is_discarded())
        fail("the Hub's answer about the repository " + repository + " is no JSON");
    return answer;
}

std::string text_at(const Json& json, const char* key) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_string()) return {};
    return json[key].get<std::string>();
}

std::string commit_of(const Json& refs, const std::string& repository) {
    if (refs.is_object() && refs.contains("branches") && refs["branches"].is_array())
        for (const Json& branch : refs["branches"])
            if (text_at(branch, "name") == "main" && is_hash(text_at(branch, "targetCommit"), 40))
                return text_at(branch, "targetCommit");
    fail("the Hub names no commit of the branch main of " + repository);
}

/// Returns whether a path stays in its folder.
bool is_below(const std::string& path) {
    if (path.empty() || path.front() == '/' || path.find('\\') != std::string::npos) return false;
    for (const std::filesystem::path& part : std::filesystem::path(path))
        if (part.empty() || part == "." || part == "..") return false;
    return std::ranges::none_of(path, [](unsigned char c) { return std::iscntrl(c) != 0; });
}

/// Returns a file of the tree; without a path if it is none, or could do harm.
HubFile file_of(const Json& entry) {
    if (text_at(entry, "type") != "file" || !is_below(text_at(entry, "path"))) return {};
    const bool is_large = entry.contains("lfs") && entry["lfs"].is_object();
    const Json& facts = is_large ? entry["lfs"] : entry;
    HubFile file = {text_at(entry, "path"), text_at(facts, "oid"), 0};
    if (!is_hash(file.id, is_large ? 64 : 40)) return {};
    if (!facts.contains("size") || !facts["size"].is_number_unsigned()) return {};
    file.bytes = facts["size"].get<std::uint64_t>();
    return file;
}

/// Returns the address of the next page, which a header such as `<URL>; rel="next"` names.
std::optional<Url> next_page(const HttpHead& head, const HubAccess& access) {
    const std::string link = head.header("link");
    const std::size_t end = link.find('>');
    if (!link.starts_with('<') || end == std::string::npos) return std::nullopt;
    if (link.find("rel=\"next\"", end) == std::string::npos) return std::nullopt;
    auto url = redirected(access.endpoint, link.substr(1, end - 1));
    if (url && url->origin() != access.endpoint.origin()) return std::nullopt;
    return url;
}

}  // namespace

bool is_hash(std::string_view text, std::size_t n_digits) {
    return text.size() == n_digits &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

HubTree hub_tree(const HubAccess& access, const std::string& repository,
                 const std::function<void()>& poll) {
    const std::string api = "/api/models/" + escaped_path(repository);
    HubTree tree;
    tree.commit =
        commit_of(ask(access, access.url(api + "/refs"), repository, poll).json, repository);
    std::optional<Url> page = access.url(api + "/tree/" + tree.commit + "?recursive=true");
    for (int i = 0; page && i < most_pages; ++i) {
        const Answer answer = ask(access, *page, repository, poll);
        if (!answer.json.is_array())
            fail("the Hub's answer about the repository " + repository + " has no list of files");
        for (const Json& entry : answer.json)
            if (HubFile file = file_of(entry); !file.path.empty())
                tree.files.push_back(std::move(file));
        page = next_page(answer.head, access);
    }
    return tree;
}

}  // namespace infinipot::models
