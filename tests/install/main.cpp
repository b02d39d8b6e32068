#include <infinipot/infinipot.h>

#include <iostream>

int main() {
    for (const auto& policy : infinipot::all_policies()) std::cout << policy.name << '\n';
    try {
        infinipot::Model::load("no-such-model.gguf");
    } catch (const infinipot::Error& error) {
        std::cout << error.what() << '\n';
        return error.code() == infinipot::ErrorCode::file_error ? 0 : 1;
    }
    return 1;
}
