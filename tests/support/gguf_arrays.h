#pragma once

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"

namespace infinipot {

/// Returns the array of numbers of a key, as it lies in the file.
template <typename T>
std::vector<T> array_of(const GgufFile& file, std::string_view key) {
    const GgufEntry* const entry = file.find(key);
    if (entry == nullptr || !entry->is_array || entry->bytes.size() != entry->n * sizeof(T)) {
        throw std::runtime_error(std::string(key) + " is no array of such numbers");
    }
    std::vector<T> numbers(static_cast<std::size_t>(entry->n));
    if (!numbers.empty()) std::memcpy(numbers.data(), entry->bytes.data(), entry->bytes.size());
    return numbers;
}

}  // namespace infinipot
