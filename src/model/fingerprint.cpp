#include "model/fingerprint.h"

#include <algorithm>
#include <string>

namespace infinipot {

namespace {

constexpr std::size_t sample_bytes = 1024;

template <typename T>
void add_number(Hasher& hasher, const T& number) {
    hasher.add(std::as_bytes(std::span(&number, 1)));
}

/// Adds a text after its length, so that neighbours cannot be mistaken for each other.
void add_text(Hasher& hasher, std::string_view text) {
    add_number(hasher, static_cast<std::uint64_t>(text.size()));
    hasher.add(text);
}

void add_samples(Hasher& hasher, std::span<const std::byte> data) {
    const std::size_t n = std::min(sample_bytes, data.size());
    for (const std::size_t at : {std::size_t{0}, (data.size() - n) / 2, data.size() - n})
        hasher.add(data.subspan(at, n));
}

}  // namespace

Hash128 fingerprint(const GgufFile& file, const ModelOptions& options) {
    Hasher hasher;
    for (const GgufEntry& entry : file.entries()) {
        add_text(hasher, entry.key);
        add_number(hasher, entry.type);
        add_number(hasher, entry.n);
        hasher.add(entry.bytes);
    }
    for (const GgufTensor& tensor : file.tensors()) {
        add_text(hasher, tensor.name);
        add_number(hasher, tensor.type);
        add_number(hasher, tensor.ne);
        add_samples(hasher, {tensor.data, tensor.n_bytes});
    }
    add_number(hasher, options.sliding_window);
    add_number(hasher, options.novelty_vocab);
    return hasher.hash();
}

}  // namespace infinipot
