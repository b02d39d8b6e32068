#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "infinipot/infinipot.h"
#include "infinipot/quantize.h"
#include "support/cached_model.h"
#include "support/paths.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

/// The most memory that this process ever had, in KiB.
long peak_rss_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    }
    return 0;
}

/// Reads a book over and over until n_tokens are read.
void read_tokens(const std::filesystem::path& model, std::uint64_t n_tokens) {
    SessionOptions options;
    options.budget = {.capacity = 256, .retain = 128, .reserve = 16};
    options.framing = Framing::raw;
    options.n_threads = 1;
    Session session(Model::load(model), options);
    while (session.stats().tokens_read < n_tokens) {
        std::ifstream book(source_file("samples/sherlock-holmes.txt"));
        std::string chunk(4096, ' ');
        while (session.stats().tokens_read < n_tokens && book.read(chunk.data(), 4096)) {
            session.ingest(chunk);
        }
    }
    session.ask("Who?", {.max_tokens = 8}).text();
}

/// Peak memory of a process of its own that reads n_tokens, in KiB.
long peak_rss_of_reading(const std::filesystem::path& model, std::uint64_t n_tokens) {
    int ends[2];
    if (pipe(ends) != 0) return 0;
    const pid_t child = fork();
    if (child == 0) {
        read_tokens(model, n_tokens);
        const long peak = peak_rss_kib();
        const bool told = write(ends[1], &peak, sizeof peak) == sizeof peak;
        _exit(told ? 0 : 1);
    }
    close(ends[1]);
    long peak = 0;
    const bool heard = read(ends[0], &peak, sizeof peak) == sizeof peak;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return heard && status == 0 ? peak : 0;
}

TEST(MemoryTest, Reading_128K_tokens_takes_as_much_memory_as_reading_8K) {
    const auto fetched = cached_model("stories15m.gguf");
    if (!std::filesystem::exists(fetched)) GTEST_SKIP() << "run infinipot pull stories15m";
    const TempDir folder;
    const auto model = folder / "stories15m-q8_0.gguf";
    requantize(fetched, model, "q8_0");
    const long at_8k = peak_rss_of_reading(model, 8 << 10);
    const long at_128k = peak_rss_of_reading(model, 128 << 10);
    RecordProperty("peak_rss_kib_8k", std::to_string(at_8k));
    RecordProperty("peak_rss_kib_128k", std::to_string(at_128k));
    std::cout << "peak memory: " << at_8k << " KiB at 8K tokens, " << at_128k << " KiB at 128K\n";
    ASSERT_GT(at_8k, 0);
    EXPECT_LT(static_cast<double>(at_128k), 1.01 * static_cast<double>(at_8k));
}

}  // namespace
}  // namespace infinipot
