#pragma once

#include <string>
#include <string_view>

namespace infinipot {

/// Returns the grammar, in GBNF, of the JSON texts that satisfy a JSON schema, by llama.cpp's
/// converter. The schema has at most 64 KiB, 32 nested levels, 256 members of an object, 256
/// references, and strings of at most 1,024 bytes. What the converter cannot express is refused if
/// it says so.
/// @throws Error(invalid_argument) if the schema is no JSON, is too large or is refused.
std::string grammar_of_schema(std::string_view schema);

}  // namespace infinipot
