#include "gguf/format.h"

#include <algorithm>
#include <array>

namespace infinipot::gguf {
namespace {

/// A kind of file that users mistake for a GGUF model.
struct OtherFormat {
    std::string_view start;     ///< its first bytes
    std::string_view sentence;  ///< the rest of a sentence that begins with the path
};

constexpr std::string_view convert_old =
    "is a model in a format older than GGUF; convert it again from the original weights with "
    "llama.cpp's convert_hf_to_gguf.py";
constexpr std::string_view web_page =
    "is a web page, not a model; download the file itself instead of the page about it";

constexpr std::array<OtherFormat, 11> other_formats = {{
    {"FUGG", "is a big-endian GGUF file; convert it with gguf-convert-endian from llama.cpp"},
    {"lmgg", convert_old},
    {"fmgg", convert_old},
    {"tjgg", convert_old},
    {"algg", "is a LoRA adapter in an old format, not a model"},
    {"PK\x03\x04",
     "is a zip archive, probably PyTorch weights; convert the model with llama.cpp's "
     "convert_hf_to_gguf.py"},
    {"\x1F\x8B", "is compressed with gzip; unpack it first"},
    {"version https://git-lfs",
     "is a Git LFS pointer, not the model itself; fetch it with git lfs pull"},
    {"<!DOCTYPE", web_page},
    {"<!doctype", web_page},
    {"<html", web_page},
}};

/// A safetensors file begins with the length of its JSON header.
bool is_safetensors(std::string_view start) {
    return start.size() > 9 && start.substr(8, 2) == "{\"";
}

}  // namespace

std::size_t value_bytes(GgufType type) {
    constexpr std::array<std::size_t, 13> sizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    const auto index = static_cast<std::size_t>(type);
    return index < sizes.size() ? sizes[index] : 0;
}

std::string printable(std::string_view name) {
    constexpr std::size_t max_shown = 80;
    std::string result(name.substr(0, max_shown));
    for (char& c : result) {
        if (c < ' ' || c > '~') c = '?';
    }
    return name.size() > max_shown ? result + "..." : result;
}

std::optional<std::string> recognise_other_format(std::span<const std::byte> bytes) {
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                                 std::min<std::size_t>(bytes.size(), 32));
    if (start.starts_with(magic) || magic.starts_with(start)) return std::nullopt;
    if (is_safetensors(start)) {
        return "is a safetensors file; convert the model with llama.cpp's convert_hf_to_gguf.py";
    }
    for (const OtherFormat& format : other_formats) {
        if (start.starts_with(format.start)) return std::string(format.sentence);
    }
    return "is not a GGUF file: it begins with \"" + printable(start.substr(0, magic.size())) +
           "\" instead of \"GGUF\"";
}

std::optional<std::string> refuse_version(std::uint32_t version) {
    if (version == 2 || version == 3) return std::nullopt;
    if (version == 1) {
        return "is a GGUF file of version 1, which is no longer read; convert the model again";
    }
    if (version != 0 && (version & 0xFFFF) == 0) {
        return "is a big-endian GGUF file; convert it with gguf-convert-endian from llama.cpp";
    }
    return "is a GGUF file of version " + std::to_string(version) +
           ", but only versions 2 and 3 are known; update infinipot or convert the model again";
}

}  // namespace infinipot::gguf
