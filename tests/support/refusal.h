#pragma once

#include <gtest/gtest.h>

#include <string>

#include "infinipot/error.h"

namespace infinipot {

/// The sentence with which `make` refuses an argument; empty if it does not.
template <typename Make>
std::string refusal(Make make) {
    try {
        make();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return {};
}

}  // namespace infinipot
