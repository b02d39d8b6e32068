#include <gtest/gtest.h>

#include "infinipot/infinipot.h"
#include "infinipot/quantize.h"
#include "support/gguf_writer.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Models in several files.

namespace infinipot {
namespace {

const TinyModel tiny{.n_layer = 2, .n_vocab = 400};

class Parts : public testing::Test {
   protected:
    Parts() { add_tiny_model(tiny, writer_); }

    std::string answer(const std::filesystem::path& path) const {
        SessionOptions options;
        options.budget = {.capacity = 64, .retain = 20, .reserve = 8};
        options.catalyst = "a b";
        options.n_threads = 1;
        Session session(Model::load(path), options);
        session.ingest("the old man came home and all was still, not far from the sea.");
        return session.ask("who?", {.max_tokens = 8}).text();
    }

    std::string complaint(const std::filesystem::path& path) const {
        try {
            Model::load(path);
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    }

    TempDir folder_;
    GgufWriter writer_;
};

TEST_F(Parts, A_model_in_parts_answers_as_the_whole_model_does) {
    writer_.write(folder_ / "whole.gguf");
    const auto expected = answer(folder_ / "whole.gguf");
    EXPECT_FALSE(expected.empty());
    for (const int n_parts : {2, 3, 7}) {
        const auto paths = writer_.write_parts(folder_.path(), n_parts);
        EXPECT_EQ(answer(paths.front()), expected) << n_parts << " parts";
        EXPECT_GT(Model::load(paths.front()).info().file_bytes,
                  std::filesystem::file_size(paths.front()));
    }
}

/// All parts are written as one file, which answers as the whole model requantised does.
TEST_F(Parts, Parts_are_requantised_into_one_file) {
    writer_.write(folder_ / "whole.gguf");
    const auto paths = writer_.write_parts(folder_.path(), 3);
    requantize(folder_ / "whole.gguf", folder_ / "from_whole.gguf", "f16", 1);
    requantize(paths.front(), folder_ / "from_parts.gguf", "f16", 1);
    EXPECT_EQ(answer(folder_ / "from_parts.gguf"), answer(folder_ / "from_whole.gguf"));
    EXPECT_EQ(Model::load(folder_ / "from_parts.gguf").info().file_bytes,
              std::filesystem::file_size(folder_ / "from_parts.gguf"));
    EXPECT_THROW(requantize(paths[1], folder_ / "from_second.gguf", "f16", 1), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "from_second.gguf"));
}

TEST_F(Parts, A_part_that_is_not_the_first_is_refused_with_the_name_of_the_first) {
    const auto paths = writer_.write_parts(folder_.path(), 3);
    EXPECT_NE(complaint(paths[1]).find("is part 2 of 3"), std::string::npos) << complaint(paths[1]);
    EXPECT_NE(complaint(paths[2]).find("-00001-of-00003.gguf"), std::string::npos);
}

TEST_F(Parts, A_missing_part_is_named) {
    const auto paths = writer_.write_parts(folder_.path(), 3);
    std::filesystem::remove(paths[1]);
    EXPECT_NE(complaint(paths[0]).find("-00002-of-00003.gguf"), std::string::npos)
        << complaint(paths[0]);
}

TEST_F(Parts, A_renamed_first_part_cannot_find_the_others) {
    const auto paths = writer_.write_parts(folder_.path(), 3);
    std::filesystem::rename(paths[0], folder_ / "model.gguf");
    EXPECT_NE(complaint(folder_ / "model.gguf").find("must end in -00001-of-00003.gguf"),
              std::string::npos)
        << complaint(folder_ / "model.gguf");
}

TEST_F(Parts, Swapped_and_repeated_parts_are_refused) {
    auto paths = writer_.write_parts(folder_.path(), 3);
    std::filesystem::rename(paths[1], folder_ / "kept.gguf");
    std::filesystem::copy_file(paths[2], paths[1]);
    EXPECT_NE(complaint(paths[0]).find("is not part 2 of 3"), std::string::npos);
}

TEST_F(Parts, A_truncated_part_is_refused) {
    const auto paths = writer_.write_parts(folder_.path(), 2);
    std::filesystem::resize_file(paths[1], std::filesystem::file_size(paths[1]) / 2);
    EXPECT_NE(complaint(paths[0]).find("-00002-of-00002.gguf is truncated"), std::string::npos)
        << complaint(paths[0]);
}

}  // namespace
}  // namespace infinipot
