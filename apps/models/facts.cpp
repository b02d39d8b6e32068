#include "models/facts.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <map>
#include <utility>

#include "cache/kv_cache.h"
#include "gguf/file.h"
#include "infinipot/error.h"
#include "model/pot_size.h"

namespace infinipot::models {
namespace {

/// general.file_type, by llama.cpp's numbers.
constexpr std::array<std::pair<int, const char*>, 39> file_types = {
    {{0, "F32"},      {1, "F16"},      {2, "Q4_0"},    {3, "Q4_1"},    {7, "Q8_0"},
     {8, "Q5_0"},     {9, "Q5_1"},     {10, "Q2_K"},   {11, "Q3_K_S"}, {12, "Q3_K_M"},
     {13, "Q3_K_L"},  {14, "Q4_K_S"},  {15, "Q4_K_M"}, {16, "Q5_K_S"}, {17, "Q5_K_M"},
     {18, "Q6_K"},    {19, "IQ2_XXS"}, {20, "IQ2_XS"}, {21, "Q2_K_S"}, {22, "IQ3_XS"},
     {23, "IQ3_XXS"}, {24, "IQ1_S"},   {25, "IQ4_NL"}, {26, "IQ3_S"},  {27, "IQ3_M"},
     {28, "IQ2_S"},   {29, "IQ2_M"},   {30, "IQ4_XS"}, {31, "IQ1_M"},  {32, "BF16"},
     {33, "Q4_0"},    {34, "Q4_0"},    {35, "Q4_0"},   {36, "TQ1_0"},  {37, "TQ2_0"},
     {38, "MXFP4"},   {39, "NVFP4"},   {40, "Q1_0"},   {41, "Q2_0"}}};
constexpr std::size_t gib = std::size_t{1} << 30;
constexpr int default_batch = 512;  // SessionOptions::n_batch
constexpr int guessed = 1024;       // llama.cpp adds this to a type that no file states

/// Returns the type that has most of the bytes.
std::string commonest_type(const GgufFile& file) {
    std::map<ggml_type, std::uint64_t> bytes;
    for (const GgufTensor& tensor : file.tensors()) bytes[tensor.type] += tensor.n_bytes;
    if (bytes.empty()) return {};
    const auto most =
        std::ranges::max_element(bytes, {}, &std::pair<const ggml_type, std::uint64_t>::second);
    std::string name = ggml_type_name(most->first);
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

std::string weight_type(const GgufFile& file) {
    const auto stated = file.find_integer("general.file_type", 0, 2 * guessed);
    if (stated)
        for (const auto& [number, name] : file_types)
            if (number == *stated % guessed) return name;
    return commonest_type(file);
}

void read(const GgufFile& file, ModelFacts& facts) {
    facts.file_bytes = file.file_bytes();
    facts.architecture = file.get_string("general.architecture");
    facts.weight_type = weight_type(file);
    const auto window = file.find_integer(facts.architecture + ".context_length", 0,
                                          std::numeric_limits<int>::max());
    facts.n_ctx_train = static_cast<int>(window.value_or(0));
    const PotSize size = read_pot_size(file);
    facts.entry_bytes = KvCache::entry_bytes(size.pot(0));
    constexpr int any_number = std::numeric_limits<int>::max() - 1;
    facts.entries_per_gib = size.entries_in(gib, size.pot(0), default_batch, any_number);
}

}  // namespace

ModelFacts read_facts(const std::filesystem::path& path) {
    ModelFacts facts;
    try {
        read(GgufFile::open(path), facts);
    } catch (const Error& error) {
        facts.problem = error.what();
    }
    return facts;
}

}  // namespace infinipot::models
