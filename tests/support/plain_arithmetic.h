#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "gguf/file.h"

/// Arithmetic of the references on nested vectors of double precision, and tensors of F32 files.
namespace infinipot {

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// y[i] = row i of the matrix times x.
inline std::vector<double> times(const std::vector<std::vector<double>>& matrix,
                                 const std::vector<double>& x) {
    std::vector<double> y;
    for (const auto& row : matrix) y.push_back(dot(row, x));
    return y;
}

/// y may be empty, for none.
inline std::vector<double> plus(std::vector<double> x, const std::vector<double>& y) {
    if (y.empty()) return x;
    std::ranges::transform(x, y, x.begin(), std::plus<>());
    return x;
}

inline std::vector<double> vector_of(const GgufFile& file, const std::string& name) {
    const GgufTensor& tensor = file.get_tensor(name);
    std::vector<float> values(tensor.n_bytes / sizeof(float));
    std::memcpy(values.data(), tensor.data, tensor.n_bytes);
    return {values.begin(), values.end()};
}

inline std::vector<double> vector_or_none(const GgufFile& file, const std::string& name) {
    return file.find_tensor(name) ? vector_of(file, name) : std::vector<double>();
}

inline std::vector<std::vector<double>> matrix_of(const GgufFile& file, const std::string& name) {
    const std::vector<double> values = vector_of(file, name);
    const auto n_in = static_cast<std::size_t>(file.get_tensor(name).ne[0]);
    std::vector<std::vector<double>> rows;
    for (std::size_t at = 0; at < values.size(); at += n_in) {
        rows.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(at),
                          values.begin() + static_cast<std::ptrdiff_t>(at + n_in));
    }
    return rows;
}

}  // namespace infinipot
