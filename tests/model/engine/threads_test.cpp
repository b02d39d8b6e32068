// A model serves any number of threads at once, and any thread may interrupt a session. `make tsan`
// runs these tests with the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "infinipot/infinipot.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

/// Different lines for different `first`.
std::string lines(int first, int n) {
    std::string text;
    for (int i = first; i < first + n; ++i) {
        text += "on day " + std::to_string(i * i % 997) + " the old men sat still and read\n";
    }
    return text;
}

/// Runs action(0), action(1), ... on a thread each.
template <typename Action>
void at_once(int n, Action action) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
        threads.emplace_back([&action, i] {
            try {
                action(i);
            } catch (const std::exception& error) {
                ADD_FAILURE() << error.what();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

/// A model that our own kernels compute, where the CPU has them.
class ThreadsTest : public testing::Test {
   protected:
    ThreadsTest()
        : path_(write_tiny_model(
              {.n_layer = 1, .n_embd_head = 32, .n_vocab = 600, .type = GGML_TYPE_Q8_0},
              folder_.path())),
          model_(Model::load(path_)) {}

    static Session session(const Model& model, int n_threads) {
        SessionOptions options;
        options.budget = {.capacity = 128, .retain = 48, .reserve = 40};
        options.n_batch = 64;
        options.n_threads = n_threads;
        return Session(model, options);
    }

    static std::string answer(Session& session) {
        return session.ask("who sat still?", {.max_tokens = 6}).text();
    }

    /// A session of its own, from the text to the answer.
    static std::string read_and_answer(const Model& model, const std::string& text,
                                       int n_threads = 2) {
        Session reader = session(model, n_threads);
        reader.ingest(text);
        std::string result = answer(reader);
        EXPECT_GT(reader.stats().distillations, 0u);
        return result;
    }

    TempDir folder_;
    std::filesystem::path path_;
    Model model_;
};

TEST_F(ThreadsTest, Sessions_on_several_threads_share_a_model_undisturbed) {
    std::string alone[2], together[2];
    for (int i = 0; i < 2; ++i) alone[i] = read_and_answer(model_, lines(100 * i, 8));
    at_once(2, [&](int i) { together[i] = read_and_answer(model_, lines(100 * i, 8)); });
    for (int i = 0; i < 2; ++i) EXPECT_EQ(together[i], alone[i]);
}

TEST_F(ThreadsTest, A_file_is_loaded_by_several_threads_at_once) {
    const std::string alone = read_and_answer(model_, lines(0, 8));
    std::string together[2];
    at_once(2, [&](int i) { together[i] = read_and_answer(Model::load(path_), lines(0, 8)); });
    for (const std::string& one : together) EXPECT_EQ(one, alone);
}

TEST_F(ThreadsTest, A_reading_interrupted_by_one_thread_resumes_on_another) {
    const std::string text = lines(0, 300);  // more than a segment
    const std::string undisturbed = read_and_answer(model_, text, 1);
    Session reader = session(model_, 1);
    std::atomic<bool> reading = false;
    std::atomic<bool> interrupted = false;
    std::thread first([&] {
        const IngestOptions waiting{[&](const Progress&) {
            reading = true;
            while (!interrupted) std::this_thread::yield();
        }};
        try {
            reader.ingest(text, waiting);
            ADD_FAILURE() << "read to the end";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::interrupted) << error.what();
        }
        reading = true;
    });
    while (!reading) std::this_thread::yield();
    reader.interrupt();
    interrupted = true;
    first.join();
    std::string resumed;
    at_once(1, [&](int) {
        reader.ingest(std::string_view(text).substr(reader.stats().bytes_read));
        resumed = answer(reader);
    });
    EXPECT_EQ(resumed, undisturbed);
}

}  // namespace
}  // namespace infinipot
