#include "eval/bench/machine.h"

#include <gtest/gtest.h>

#include "infinipot/error.h"
#include "tensor/kernels/matmul/matmul.h"

namespace infinipot {
namespace {

TEST(Machine, Every_measured_speed_is_positive_if_there_is_a_kernel) {
    const MachineSpeed speed = measure_machine(2);
    EXPECT_GT(speed.triad_gb_per_second, 0);
    EXPECT_GT(speed.f32_gflops, 0);
    EXPECT_EQ(speed.q8_0_gflops > 0, kernels::matmul_supported(GGML_TYPE_Q8_0, 2048, 1024));
}

TEST(Machine, Measuring_without_a_thread_throws) { EXPECT_THROW(measure_machine(0), Error); }

}  // namespace
}  // namespace infinipot
