#pragma once

#include <cstdio>
#include <string>
#include <vector>

// Included before everything else in llama.cpp's converter of JSON schemas, in place of functions
// of its common.cpp.

#define string_join infinipot_string_join
#define string_split infinipot_string_split
#define string_repeat infinipot_string_repeat
#define fprintf infinipot_refuse_conversion

/// Takes the converter's warning that its grammar allows more than the schema.
/// @throws std::runtime_error always
[[noreturn]] void infinipot_refuse_conversion(std::FILE* file, const char* format,
                                              const char* warnings);
