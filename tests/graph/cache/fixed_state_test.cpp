#include "cache/fixed_state.h"

#include <gtest/gtest.h>

#include <vector>

#include "infinipot/error.h"
#include "tensor/backend.h"

namespace infinipot {
namespace {

const std::vector<std::vector<StateShape>> shapes = {
    {{"conv", {3, 4, 1, 1}}, {"scan", {2, 2, 2, 1}}},
    {},
    {{"rows", {32, 2, 1, 1}, GGML_TYPE_F16}},
};

class FixedStateTest : public testing::Test {
   protected:
    static std::vector<float> read(const ggml_tensor* tensor) {
        std::vector<float> values(n_elements(tensor));
        ggml_backend_tensor_get(tensor, values.data(), 0, ggml_nbytes(tensor));
        return values;
    }
    static void write(ggml_tensor* tensor, float value) {
        const std::vector<float> values(n_elements(tensor), value);
        ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
    }

    FixedState state_{shapes, Backend(1).buffer_type()};
};

TEST_F(FixedStateTest, Is_zeros_at_first) {
    EXPECT_EQ(read(state_.current(0, 0)), std::vector<float>(12));
    EXPECT_EQ(read(state_.current(0, 1)), std::vector<float>(8));
}

TEST_F(FixedStateTest, Gives_each_layer_its_tensors) {
    EXPECT_EQ(state_.current(0, 1)->ne[2], 2);
    EXPECT_EQ(state_.current(2, 0)->type, GGML_TYPE_F16);
    EXPECT_EQ(state_.current(2, 0)->ne[0], 32);
    EXPECT_STREQ(state_.current(2, 0)->name, "state.2.rows");
}

TEST_F(FixedStateTest, Next_counts_only_after_advance) {
    write(state_.next(0, 0), 7);
    EXPECT_EQ(read(state_.current(0, 0)), std::vector<float>(12));
    state_.advance();
    EXPECT_EQ(read(state_.current(0, 0)), std::vector<float>(12, 7));
    write(state_.next(0, 0), 9);
    EXPECT_EQ(read(state_.current(0, 0)), std::vector<float>(12, 7));
}

TEST_F(FixedStateTest, Restores_what_was_saved) {
    write(state_.current(0, 0), 1);
    write(state_.current(0, 1), 2);
    const std::vector<std::byte> saved = state_.save();
    EXPECT_EQ(saved.size(), state_.bytes());
    write(state_.next(0, 1), 5);
    state_.advance();
    state_.restore(saved);
    EXPECT_EQ(read(state_.current(0, 0)), std::vector<float>(12, 1));
    EXPECT_EQ(read(state_.current(0, 1)), std::vector<float>(8, 2));
}

TEST_F(FixedStateTest, Is_archived_as_it_is) {
    write(state_.next(0, 1), 3);
    state_.advance();
    StateArchive written;
    state_.serialize(written);
    FixedState other(shapes, Backend(1).buffer_type());
    StateArchive archive(written.written());
    other.serialize(archive);
    archive.end();
    EXPECT_EQ(read(other.current(0, 1)), std::vector<float>(8, 3));

    StateArchive cut(written.written().first(written.written().size() - 1));
    EXPECT_THROW(other.serialize(cut), Error);
}

TEST_F(FixedStateTest, Counts_the_bytes_of_one_version) {
    EXPECT_EQ(FixedState::bytes(shapes), (12 + 8) * sizeof(float) + 2 * 32 * sizeof(ggml_fp16_t));
    EXPECT_EQ(state_.bytes(), FixedState::bytes(shapes));
    EXPECT_EQ(FixedState({}, Backend(1).buffer_type()).bytes(), 0U);
}

}  // namespace
}  // namespace infinipot
