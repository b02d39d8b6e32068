#include "gguf/metadata.h"

#include <algorithm>

#include "infinipot/error.h"

namespace infinipot {

bool GgufMetadata::is_array(const std::string& name) const {
    const GgufEntry* entry = file_.find(prefix_ + name);
    return entry != nullptr && entry->is_array;
}

int GgufMetadata::count(const std::string& name, int max) const {
    return static_cast<int>(file_.get_integer(prefix_ + name, 1, max));
}

int GgufMetadata::count(const std::string& name, int max, int otherwise) const {
    return static_cast<int>(file_.find_integer(prefix_ + name, 1, max).value_or(otherwise));
}

int GgufMetadata::count_or_none(const std::string& name, int max, int otherwise) const {
    return static_cast<int>(file_.find_integer(prefix_ + name, 0, max).value_or(otherwise));
}

std::vector<int> GgufMetadata::counts(const std::string& name, int n, int max) const {
    const auto size = static_cast<std::size_t>(n);
    const std::string key = prefix_ + name;
    if (!is_array(name)) {
        return std::vector<int>(size, static_cast<int>(file_.get_integer(key, 0, max)));
    }
    const std::vector<std::int64_t> numbers = file_.find_integers(key, 0, max).value();
    if (numbers.size() != size) damaged(key + " does not have " + std::to_string(n) + " numbers");
    return {numbers.begin(), numbers.end()};
}

float GgufMetadata::number(const std::string& name, float otherwise) const {
    return file_.find_f32(prefix_ + name).value_or(otherwise);
}

std::string GgufMetadata::text(const std::string& name, const char* otherwise) const {
    return std::string(file_.find_string(prefix_ + name).value_or(otherwise));
}

bool GgufMetadata::flag(const std::string& name, bool otherwise) const {
    return file_.find_bool(prefix_ + name).value_or(otherwise);
}

std::vector<bool> GgufMetadata::flags(const std::string& name) const {
    return file_.find_bools(prefix_ + name).value_or(std::vector<bool>());
}

std::vector<float> GgufMetadata::of_layers(const std::string& key, int n_layer) const {
    const GgufEntry* entry = file_.find(key);
    const auto n = static_cast<std::size_t>(n_layer);
    if (entry == nullptr || !entry->is_array) return std::vector<float>(n, file_.get_f32(key));
    std::vector<float> numbers = file_.find_f32s(key).value();
    if (numbers.size() != n) damaged(key + " is not one number for each layer");
    return numbers;
}

bool GgufMetadata::asks_for(const std::string& name) const {
    const GgufEntry* entry = file_.find(prefix_ + name);
    return entry != nullptr &&
           std::ranges::any_of(entry->bytes, [](std::byte byte) { return byte != std::byte{0}; });
}

void GgufMetadata::unsupported(const std::string& what, const std::string& name) const {
    throw Error(ErrorCode::unsupported_model, file_.path().string() + " needs " + what + " (" +
                                                  prefix_ + name + "), which is not supported");
}

void GgufMetadata::damaged(const std::string& what) const {
    throw Error(ErrorCode::bad_model, file_.path().string() + " is damaged: " + what);
}

}  // namespace infinipot
