#pragma once

#include <string>
#include <vector>

namespace infinipot {

/// A call of a tool that an assistant asks for.
struct ToolCall {
    std::string id = {};         ///< empty: the template numbers it
    std::string name = {};       ///< of the tool
    std::string arguments = {};  ///< a JSON object
};

/// One message of a conversation. Its texts are data: what looks like a control token in them is
/// read as plain characters.
struct Message {
    std::string role = "user";  ///< system, developer, user, assistant or tool
    std::string content = {};
    std::string reasoning = {};             ///< what an assistant thought before it answered
    std::vector<ToolCall> tool_calls = {};  ///< of an assistant
    std::string tool_name = {};             ///< of a tool: whose result this is
    std::string tool_call_id = {};          ///< of a tool: the call that it answers
};

}  // namespace infinipot
