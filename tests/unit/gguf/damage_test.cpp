// Reading a damaged file may only throw infinipot::Error, or succeed if the damage makes another
// valid file.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <llama.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "gguf/tokenizer_check.h"
#include "infinipot/error.h"
#include "support/gguf_writer.h"
#include "support/memory_limit.h"
#include "support/quiet_llama.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

/// Asks for everything in the file. Returns a sum, so that nothing is optimised away.
std::size_t read_all(const GgufFile& file) {
    std::size_t sum = 0;
    for (const GgufEntry& entry : file.entries()) {
        try {
            sum += file.find_string(entry.key).value_or("").size();
        } catch (const Error&) {
        }
        try {
            const auto strings = file.find_strings(entry.key).value();
            for (const std::string_view string : strings) sum += string.size();
        } catch (const Error&) {
        }
        try {
            sum += file.find_bools(entry.key).value().size();
        } catch (const Error&) {
        }
        for (const std::byte byte : entry.bytes) sum += static_cast<std::size_t>(byte);
    }
    for (const GgufTensor& tensor : file.tensors()) {
        for (std::size_t i = 0; i < tensor.n_bytes; ++i) {
            sum += static_cast<std::size_t>(tensor.data[i]);
        }
    }
    return sum;
}

/// Opens the file. The sentence if it is refused, "" if not; any other exception fails the test.
std::string open_and_read(const std::filesystem::path& path) {
    try {
        read_all(GgufFile::open(path));
        return "";
    } catch (const Error& error) {
        return error.what();
    }
}

/// A file with every kind of value and two kinds of tensors.
class SmallFile {
   public:
    SmallFile() : path_(folder_ / "test.gguf") {
        const std::vector<std::string> words = {"one", "two", "three"};
        const std::vector<float> numbers(64, 0.5f);
        GgufWriter writer;
        writer.set("general.architecture", "llama");
        writer.set("general.alignment", 32);
        writer.set("llama.rope.freq_base", 10000.0f);
        writer.set("flag", true);
        writer.set("words", words);
        writer.set("numbers", std::span<const float>(numbers).first(5));
        writer.add("blk.0.attn_q.weight", GGML_TYPE_F32, {8, 8}, numbers);
        writer.add("blk.0.attn_k.weight", GGML_TYPE_Q8_0, {32, 2}, numbers);
        writer.write(path_);
        std::ifstream in(path_, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(in), {});
        descriptor_ = ::open(path_.c_str(), O_RDWR);
        n_header_ = GgufFile::open(path_).get_tensor("blk.0.attn_q.weight").offset;
    }

    ~SmallFile() { ::close(descriptor_); }
    SmallFile(const SmallFile&) = delete;
    SmallFile& operator=(const SmallFile&) = delete;

    const std::string& bytes() const { return bytes_; }
    std::size_t n_header() const { return n_header_; }

    /// Opens and reads the file with other bytes at `at`, and puts it right again.
    std::string read_with(std::size_t at, std::string_view other) const {
        write(at, other);
        std::string sentence = open_and_read(path_);
        write(at, std::string_view(bytes_).substr(at, other.size()));
        return sentence;
    }

    /// Opens and reads the file without its last byte, for good.
    std::string read_shortened() {
        bytes_.pop_back();
        if (::ftruncate(descriptor_, static_cast<off_t>(bytes_.size())) != 0) ADD_FAILURE();
        return open_and_read(path_);
    }

   private:
    void write(std::size_t at, std::string_view other) const {
        const auto n = ::pwrite(descriptor_, other.data(), other.size(), static_cast<off_t>(at));
        ASSERT_EQ(n, static_cast<ssize_t>(other.size()));
    }

    TempDir folder_;
    std::filesystem::path path_;
    int descriptor_ = -1;
    std::string bytes_;
    std::size_t n_header_ = 0;
};

constexpr std::size_t n_spare_bytes = 16u << 20;

TEST(GgufDamage, A_file_cut_off_anywhere_is_called_truncated) {
    SmallFile file;
    const std::size_t n_whole = file.bytes().size();
    const MemoryLimit limit(n_spare_bytes);
    while (file.bytes().size() > 1) {
        const std::string sentence = file.read_shortened();
        // The last tensor's padding is the only thing that may be missing.
        const bool is_whole = sentence.empty() && file.bytes().size() + 32 > n_whole;
        ASSERT_TRUE(is_whole || sentence.find("is truncated") != std::string::npos)
            << file.bytes().size() << ": " << sentence;
    }
}

TEST(GgufDamage, A_flipped_bit_in_the_header_throws_or_reads_as_another_file) {
    const SmallFile file;
    const MemoryLimit limit(n_spare_bytes);
    std::size_t n_refused = 0;
    for (std::size_t bit = 0; bit < file.n_header() * 8; ++bit) {
        const char flipped = static_cast<char>(file.bytes()[bit / 8] ^ (1 << bit % 8));
        ASSERT_NO_THROW(n_refused += !file.read_with(bit / 8, {&flipped, 1}).empty()) << bit;
    }
    EXPECT_GT(n_refused, file.n_header() * 8 / 4);
}

TEST(GgufDamage, Extreme_numbers_anywhere_in_the_header_throw_or_read_as_another_file) {
    const SmallFile file;
    const MemoryLimit limit(n_spare_bytes);
    for (std::size_t at = 4; at + 8 <= file.n_header(); ++at) {
        for (const std::uint64_t extreme : {std::uint64_t{0}, std::uint64_t{1}, 0xFFFFFFFFul,
                                            1ul << 31, 1ul << 62, 1ul << 63, ~0ul}) {
            char other[sizeof(extreme)];
            std::memcpy(other, &extreme, sizeof(extreme));
            ASSERT_NO_THROW(file.read_with(at, {other, sizeof(other)})) << extreme << " at " << at;
        }
    }
}

/// Loads the tokenizer as the product does and tokenises a text that touches every kind of token.
/// An assertion of libllama would end the test program.
void tokenize_with_libllama(const std::filesystem::path& path) {
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
        llama_model_load_from_file(path.c_str(), params), llama_model_free);
    if (!model) return;
    constexpr std::string_view text = "Hello <s> wörld\n\t\x01 </s> 1234";
    std::array<llama_token, 128> tokens = {};
    for (const bool with_special : {false, true}) {
        llama_tokenize(llama_model_get_vocab(model.get()), text.data(),
                       static_cast<std::int32_t>(text.size()), tokens.data(),
                       static_cast<std::int32_t>(tokens.size()), with_special, with_special);
    }
}

TEST(GgufDamage, What_passes_our_checks_does_not_bring_libllama_down) {
    const QuietLlama quiet;
    const TempDir folder;
    const auto path = write_tiny_model({.n_layer = 1, .n_vocab = 360}, folder.path());
    const std::size_t n_header = GgufFile::open(path).tensors()[0].offset;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    // Every seventh byte, so that over a few numbers each place and each bit has its turn.
    for (std::size_t at = 0; at < n_header; at += 7) {
        file.seekg(static_cast<std::streamoff>(at));
        const char original = static_cast<char>(file.get());
        const auto put = [&](char byte) {
            file.seekp(static_cast<std::streamoff>(at));
            file.put(byte).flush();
        };
        put(static_cast<char>(original ^ (1 << at % 8)));
        try {
            validate_tokenizer(GgufFile::open(path));
            tokenize_with_libllama(path);
        } catch (const Error&) {
        }
        put(original);
    }
    EXPECT_NO_THROW(validate_tokenizer(GgufFile::open(path)));
}

}  // namespace
}  // namespace infinipot
