#include "cache/local_windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "cache/row_format.h"
#include "infinipot/error.h"
#include "tensor/backend.h"
#include "tensor/workspace.h"

namespace infinipot {
namespace {

constexpr int window = 6, n_batch = 5, n_embd_head = 64;

/// Windows whose rows are rotations of one key per token, and a value per token.
class LocalWindowsTest : public testing::TestWithParam<ggml_type> {
   protected:
    static WindowShape shape() {
        return {.n_layer = 2,
                .n_head_kv = 3,
                .n_embd_head = n_embd_head,
                .window = window,
                .n_batch = n_batch,
                .n_positions = 24,
                .type = GetParam()};
    }

    static float angle(int token) { return static_cast<float>(token) * 0.25f; }

    std::byte* row(ggml_tensor* tensor, int head, int slot) const {
        return static_cast<std::byte*>(tensor->data) +
               static_cast<std::size_t>(head) * tensor->nb[2] +
               static_cast<std::size_t>(slot) * tensor->nb[1];
    }

    /// Turns (1, 0) in the first pair by `position`; the numbers behind it name token and head.
    static std::vector<float> key(int token, int head, int position) {
        std::vector<float> x(n_embd_head, static_cast<float>(token % 8 + head) * 0.01f);
        const int half = n_embd_head / 2;
        x[0] = std::cos(angle(position));
        x[static_cast<std::size_t>(half)] = std::sin(angle(position));
        return x;
    }

    void write_token(int token, int slot, int position) {
        for (int i = 0; i < 2; ++i) {
            for (int head = 0; head < 3; ++head) {
                std::vector<float> k = key(token, head, position), v = key(token, head, token);
                store_row(GetParam(), k, row(windows_.rotated_keys(i), head, slot));
                store_row(GetParam(), v, row(windows_.values(i), head, slot));
            }
        }
    }

    void read(int n_tokens) {
        for (; windows_.must_move(n_tokens);) move();
        for (int t = 0; t < n_tokens; ++t, ++n_read_) {
            const int slot = windows_.n() + t;
            write_token(n_read_, slot, windows_.first_position() + slot);
        }
        windows_.append(n_tokens);
    }

    void move() {
        // One pair turns, by a quarter radian per position.
        const Rotation rotation{.n_rot = n_embd_head,
                                .mode = GGML_ROPE_TYPE_NEOX,
                                .n_ctx_orig = 1,
                                .freq_base = 1e30f,
                                .freq_scale = 0.25f};
        const std::vector<Rotation> rotations(2, rotation);
        const int turn = windows_.turn();
        Workspace workspace(backend_, 64);
        LocalWindows::MoveInputs inputs;
        const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
            inputs = windows_.move_graph(context, graph, rotations, windows_.n(), turn > 0);
        };
        workspace.reserve(build);
        const Workspace::Use use = workspace.prepare(build);
        if (turn > 0) {
            std::vector<std::int32_t> slots(window - 1), turns(window - 1, -turn);
            std::iota(slots.begin(), slots.end(), 0);
            ggml_backend_tensor_set(inputs.slots, slots.data(), 0, ggml_nbytes(inputs.slots));
            ggml_backend_tensor_set(inputs.turns, turns.data(), 0, ggml_nbytes(inputs.turns));
        }
        n_turns_ += turn > 0 ? 1 : 0;
        workspace.compute_wholly();
        windows_.moved();
    }

    /// The last window - 1 tokens are there, at their positions.
    void expect_last_tokens() {
        const int n = std::min(window - 1, n_read_);
        const double tolerance = ggml_is_quantized(GetParam()) ? 0.25 : 0.02;
        std::vector<float> k(n_embd_head), v(n_embd_head);
        for (int t = 0; t < n; ++t) {
            const int token = n_read_ - n + t, slot = windows_.n() - n + t;
            for (int head = 0; head < 3; ++head) {
                load_row(GetParam(), row(windows_.rotated_keys(1), head, slot), k);
                load_row(GetParam(), row(windows_.values(1), head, slot), v);
                const auto expected_k = key(token, head, windows_.first_position() + slot);
                const auto expected_v = key(token, head, token);
                for (std::size_t i : {std::size_t{0}, std::size_t{n_embd_head / 2}}) {
                    EXPECT_NEAR(k[i], expected_k[i], tolerance) << token << ' ' << i;
                    EXPECT_NEAR(v[i], expected_v[i], tolerance) << token << ' ' << i;
                }
            }
        }
    }

    Backend backend_{1};
    LocalWindows windows_{shape(), backend_.buffer_type()};
    int n_read_ = 0;
    int n_turns_ = 0;
};

TEST_P(LocalWindowsTest, Keeps_the_last_tokens_however_they_are_read) {
    for (const int n : {1, 5, 5, 2, 1, 1, 1, 5, 5, 4, 5, 1, 5, 5, 3, 5, 5, 5}) {
        read(n);
        expect_last_tokens();
        ASSERT_LE(windows_.first_position() + windows_.n(), shape().n_positions);
    }
    EXPECT_GE(n_turns_, 2) << "positions must have grown too large";
}

TEST_P(LocalWindowsTest, Moves_without_a_turn_bit_for_bit) {
    read(5);
    read(5);
    const std::vector<std::byte> before(row(windows_.rotated_keys(0), 2, 5),
                                        row(windows_.rotated_keys(0), 2, 10));
    EXPECT_EQ(windows_.turn(), 0);
    move();
    const std::vector<std::byte> after(row(windows_.rotated_keys(0), 2, 0),
                                       row(windows_.rotated_keys(0), 2, 5));
    EXPECT_EQ(before, after);
    EXPECT_EQ(windows_.first_position(), 5);
    EXPECT_EQ(windows_.n(), 5);
}

TEST_P(LocalWindowsTest, Is_archived_as_it_is) {
    for (int i = 0; i < 4; ++i) read(5);
    read(2);
    StateArchive written;
    windows_.serialize(written);
    const int n = windows_.n(), first = windows_.first_position();
    read(5);
    StateArchive archive(written.written());
    windows_.serialize(archive);
    archive.end();
    n_read_ -= 5;
    EXPECT_EQ(windows_.n(), n);
    EXPECT_EQ(windows_.first_position(), first);
    expect_last_tokens();
}

TEST_P(LocalWindowsTest, Refuses_numbers_that_no_windows_have) {
    read(5);
    StateArchive written;
    windows_.serialize(written);
    const auto with = [&](std::size_t at, std::int32_t number) {
        std::vector<std::byte> bytes(written.written().begin(), written.written().end());
        std::memcpy(bytes.data() + at, &number, sizeof number);
        return bytes;
    };
    for (const auto& bytes : {with(0, -1), with(0, 12), with(4, -1), with(4, 15), with(0, 4)}) {
        StateArchive archive(bytes);
        EXPECT_THROW(
            {
                windows_.serialize(archive);
                archive.end();
            },
            Error);
    }
}

TEST_P(LocalWindowsTest, Counts_the_bytes_of_keys_and_values) {
    EXPECT_EQ(LocalWindows::bytes(shape()),
              2 * 2 * 3 * (window + n_batch) * ggml_row_size(GetParam(), n_embd_head));
    EXPECT_EQ(LocalWindows::bytes({}), 0U);
    EXPECT_FALSE(LocalWindows({}, backend_.buffer_type()).must_move(1000));
}

INSTANTIATE_TEST_SUITE_P(Types, LocalWindowsTest,
                         testing::Values(GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0,
                                         GGML_TYPE_Q4_0),
                         [](const auto& test) { return std::string(ggml_type_name(test.param)); });

}  // namespace
}  // namespace infinipot
