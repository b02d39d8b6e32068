#include <cstdio>
#include <string>

#include "gguf/file.h"
#include "gguf/format.h"
#include "infinipot/error.h"

/// Models in several files, NAME-00001-of-00003.gguf and so on. The first file has all keys, and
/// each file has some of the tensors.
namespace infinipot {
namespace {

constexpr int max_parts = 4096;

[[noreturn]] void fail(ErrorCode code, const std::filesystem::path& path, const std::string& what) {
    throw Error(code, path.string() + " " + what);
}

/// Returns "-00002-of-00003.gguf" for the second of three parts.
std::string ending(int part, int n_parts) {
    char text[32];
    std::snprintf(text, sizeof(text), "-%05d-of-%05d.gguf", part + 1, n_parts);
    return text;
}

/// Returns the path of another part, given the path of the first.
std::filesystem::path path_of_part(const std::filesystem::path& first, int part, int n_parts) {
    const std::string name = first.filename().string();
    const std::string end = ending(0, n_parts);
    if (!name.ends_with(end)) {
        fail(ErrorCode::bad_model, first,
             "is the first of " + std::to_string(n_parts) +
                 " parts of a model, and its name must end in " + end +
                 " so that the others can be found");
    }
    return first.parent_path() / (name.substr(0, name.size() - end.size()) + ending(part, n_parts));
}

int n_parts_of(const GgufFile& file) {
    return static_cast<int>(file.find_integer("split.count", 0, max_parts).value_or(1));
}

}  // namespace

GgufFile GgufFile::open(const std::filesystem::path& path) {
    GgufFile file = open_part(path);
    const int n_parts = n_parts_of(file);
    if (n_parts <= 1) return file;
    const auto number = file.get_integer("split.no", 0, n_parts - 1);
    if (number != 0) {
        fail(ErrorCode::bad_model, path,
             "is part " + std::to_string(number + 1) + " of " + std::to_string(n_parts) +
                 " of a model; name the first one, which ends in " + ending(0, n_parts));
    }
    for (int part = 1; part < n_parts; ++part) {
        const auto part_path = path_of_part(path, part, n_parts);
        GgufFile other = open_part(part_path);
        if (n_parts_of(other) != n_parts || other.get_integer("split.no", 0, max_parts) != part) {
            fail(ErrorCode::bad_model, part_path,
                 "is not part " + std::to_string(part + 1) + " of " + std::to_string(n_parts) +
                     ", as its name says");
        }
        file.append(std::move(other));
    }
    const auto n_tensors = static_cast<std::int64_t>(file.tensors_.size());
    if (file.find_integer("split.tensors.count", 0, 1 << 30).value_or(n_tensors) != n_tensors) {
        fail(ErrorCode::bad_model, path,
             "and its other parts do not have the tensors that it counts; download them again");
    }
    return file;
}

/// Takes over the tensors of another part and the mapping of its file.
void GgufFile::append(GgufFile part) {
    for (GgufTensor& tensor : part.tensors_) {
        const auto& [name, index] = *part.tensor_index_.find(tensor.name);
        if (!tensor_index_.emplace(name, tensors_.size()).second) {
            fail(ErrorCode::bad_model, part.path(),
                 "is damaged: tensor " + gguf::printable(name) +
                     " occurs in another part of the model as well");
        }
        tensors_.push_back(std::move(tensor));
    }
    files_.push_back(std::move(part.files_.front()));
}

std::uint64_t GgufFile::file_bytes() const {
    std::uint64_t n = 0;
    for (const MappedFile& file : files_) n += file.size();
    return n;
}

std::size_t GgufFile::part_of(const std::byte* data) const {
    for (std::size_t part = 0; part < files_.size(); ++part) {
        const auto bytes = files_[part].bytes();
        if (data >= bytes.data() && data < bytes.data() + bytes.size()) return part;
    }
    return 0;
}

void GgufFile::drop(const std::byte* data, std::size_t n_bytes) const {
    const MappedFile& file = files_[part_of(data)];
    file.drop(static_cast<std::size_t>(data - file.data()), n_bytes);
}

}  // namespace infinipot
