#pragma once

#include <string>
#include <vector>

#include "gguf/file.h"

namespace infinipot {

/// Header keys of one file's architecture without their prefix: `block_count` is
/// `llama.block_count` in a LLaMA. Refers to the file.
///
/// Every getter throws Error(bad_model) naming the key if a value is missing, of the wrong type or
/// out of range. `otherwise` is the value for a missing key.
class GgufMetadata {
   public:
    explicit GgufMetadata(const GgufFile& file)
        : file_(file), prefix_(std::string(file.get_string("general.architecture")) + ".") {}

    bool has(const std::string& name) const { return file_.has(prefix_ + name); }
    bool is_array(const std::string& name) const;

    /// A whole number from 1 to max.
    int count(const std::string& name, int max) const;
    int count(const std::string& name, int max, int otherwise) const;
    /// A whole number from 0 to max.
    int count_or_none(const std::string& name, int max, int otherwise) const;
    /// n whole numbers from 0 to max. The file may have one for all.
    std::vector<int> counts(const std::string& name, int n, int max) const;
    float number(const std::string& name) const { return file_.get_f32(prefix_ + name); }
    float number(const std::string& name, float otherwise) const;
    std::string text(const std::string& name, const char* otherwise) const;
    bool flag(const std::string& name, bool otherwise) const;
    std::vector<bool> flags(const std::string& name) const;

    /// Returns a number for each layer. The file may have one for all. The key has no prefix.
    std::vector<float> of_layers(const std::string& key, int n_layer) const;

    /// Returns whether the file requests something with a key of any type: the key is there, and
    /// its value is not 0, false or empty.
    bool asks_for(const std::string& name) const;

    /// @throws Error(unsupported_model): "FILE needs WHAT (KEY), which is not supported"
    [[noreturn]] void unsupported(const std::string& what, const std::string& name) const;
    /// @throws Error(bad_model): "FILE is damaged: WHAT"
    [[noreturn]] void damaged(const std::string& what) const;

   private:
    const GgufFile& file_;
    std::string prefix_;
};

}  // namespace infinipot
