#include "tensor/kernels/attention/single_query.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "tensor/kernels/attention/single_query_kernel.h"
#include "tensor/kernels/simd/cpu.h"

namespace infinipot::kernels {

bool single_query_supported(ggml_type type, int n_embd_head) {
    return cpu() >= Cpu::x8 && single_query_x8(entry_type(type)) &&
           n_embd_head % std::max<int64_t>(query_lanes, ggml_blck_size(type)) == 0;
}

std::size_t single_query_scratch(int n_embd_head, int n_kv) {
    return static_cast<std::size_t>(n_kv + 2 * n_embd_head) * query_lanes;
}

void attend_single_query(const SingleQuery& query) {
    assert(single_query_supported(query.type, query.n_embd_head));
    single_query_x8(entry_type(query.type))(query);
}

}  // namespace infinipot::kernels
