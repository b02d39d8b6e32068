#include "text/json_schema.h"

#include <json-schema-to-grammar.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/utf8.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr std::size_t largest_bytes = 64 * 1024;
constexpr int deepest_nesting = 32;
constexpr std::size_t most_members = 256;
constexpr int most_references = 256;
constexpr std::size_t longest_string = 1024;

[[noreturn]] void refuse(std::string reason) {
    std::ranges::replace(reason, '\n', ' ');
    throw Error(ErrorCode::invalid_argument, "the JSON schema " + reason);
}

/// Limits what makes the converter slow or recursive.
class Limits {
   public:
    void check(const common_json& json, int depth = 0) {
        if (depth > deepest_nesting) refuse("has more than 32 nested levels");
        if (json.is_string()) check_string(json.get<std::string>());
        if (json.is_array()) {
            for (const common_json& each : json) check(each, depth + 1);
        }
        if (!json.is_object()) return;
        if (json.size() > most_members) refuse("has an object of more than 256 members");
        for (const auto& [key, value] : json.items()) {
            check_string(key);
            if (key == "$ref" && ++n_references_ > most_references)
                refuse("has more than 256 references");
            check(value, depth + 1);
        }
    }

   private:
    static void check_string(const std::string& text) {
        if (text.size() > longest_string) refuse("has a string of more than 1,024 bytes");
    }

    int n_references_ = 0;
};

/// Refuses references that lead to nothing but references.
void require_ends(const common_chat_schema_document& document) {
    for (const auto& [name, target] : document.refs) {
        std::set<const common_chat_schema*> seen;
        const common_chat_schema* node = target.get();
        while (node != nullptr && node->kind() == common_chat_schema::KIND_REF) {
            if (!seen.insert(node).second) refuse("has a reference to itself: " + name);
            node = static_cast<const common_chat_schema_ref*>(node)->target;
        }
    }
}

}  // namespace

std::string grammar_of_schema(std::string_view schema) {
    if (schema.size() > largest_bytes) refuse("has more than 64 KiB");
    require_utf8(schema, "the JSON schema");
    try {
        const common_json json = common_json::parse(std::string(schema));
        if (!json.is_object() && !json.is_boolean()) refuse("is no JSON object");
        Limits().check(json);
        const common_chat_schema_document document = common_chat_schema_from_json(json);
        require_ends(document);
        return json_schema_to_grammar(document);
    } catch (const Error&) {
        throw;
    } catch (const common_json_error& error) {
        refuse(std::string("is no JSON: ") + error.what());
    } catch (const std::exception& error) {
        refuse(std::string("cannot be converted: ") + error.what());
    }
}

}  // namespace infinipot
