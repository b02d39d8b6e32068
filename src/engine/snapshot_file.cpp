#include "engine/snapshot_file.h"

#include <bit>
#include <utility>

#include "base/atomic_file.h"
#include "base/state_archive.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

constexpr std::array<char, 8> magic = {'I', 'N', 'F', 'I', 'P', 'O', 'T', '\n'};
constexpr std::uint32_t format_version = 2;
constexpr std::uint32_t byte_order_mark = 0x01020304;
constexpr std::size_t header_bytes = 4096;
constexpr std::size_t largest_small_section = std::size_t{4} << 30;

static_assert(std::endian::native == std::endian::little, "snapshots are little-endian");

std::uint64_t rounded_up(std::uint64_t n) {
    return (n + PageMemory::alignment - 1) / PageMemory::alignment * PageMemory::alignment;
}

/// The head of a file, in this order, and then the hash of all of it.
struct Header {
    std::array<char, 8> magic = {};
    std::uint32_t version = 0;
    std::uint32_t byte_order = 0;
    std::uint64_t file_bytes = 0;
    std::array<SnapshotPlace, n_snapshot_sections> places = {};

    void serialize(StateArchive& archive) {
        archive.block(std::span(magic));
        archive.value(version);
        archive.value(byte_order);
        archive.value(file_bytes);
        for (SnapshotPlace& place : places) {
            archive.value(place.offset);
            archive.value(place.size);
            archive.block(std::span(place.hash));
        }
    }
};

std::vector<std::byte> packed(Header header) {
    StateArchive archive;
    header.serialize(archive);
    Hash128 hash = hash_of(archive.written());
    archive.block(std::span(hash));
    return {archive.written().begin(), archive.written().end()};
}

bool has_magic(const PageFile& file) {
    std::array<char, magic.size()> bytes = {};
    return file.read(std::as_writable_bytes(std::span(bytes)), 0) == bytes.size() && bytes == magic;
}

/// Returns the hash of a part of a file, through a mapping of it.
Hash128 hash_of_part(const PageFile& file, std::uint64_t offset, std::uint64_t size) {
    const PageMemory part = PageMemory::map(file, offset, size);
    return hash_of({part.data(), part.size()});
}

}  // namespace

void write_snapshot_file(const std::filesystem::path& path, std::span<const std::byte> info,
                         std::span<const std::byte> state, const KvCache& cache) {
    Header header{magic, format_version, byte_order_mark, 0, {}};
    auto& [of_info, of_state, of_cache] = header.places;
    of_info = {header_bytes, info.size(), hash_of(info)};
    of_state = {header_bytes + info.size(), state.size(), hash_of(state)};
    of_cache = {rounded_up(of_state.offset + of_state.size), CacheLayout(cache.shape()).bytes, {}};
    header.file_bytes = of_cache.offset + of_cache.size;
    write_atomically(path, [&](const PageFile& file) {
        file.reserve(header.file_bytes);
        file.write(info, of_info.offset);
        file.write(state, of_state.offset);
        cache.write(file, of_cache.offset);
        of_cache.hash = hash_of_part(file, of_cache.offset, of_cache.size);
        file.write(packed(header), 0);
    });
}

SnapshotFile::SnapshotFile(std::string name, PageFile file)
    : name_(std::move(name)), file_(std::make_shared<const PageFile>(std::move(file))) {}

void SnapshotFile::fail(const std::string& why) const {
    throw Error(ErrorCode::bad_snapshot, name_ + " " + why);
}

bool SnapshotFile::is_one(const std::filesystem::path& path) {
    return has_magic(PageFile::open(path));
}

SnapshotFile SnapshotFile::open(const std::filesystem::path& path) {
    SnapshotFile snapshot(path.string(), PageFile::open(path));
    if (!has_magic(*snapshot.file_)) snapshot.fail("is no snapshot of InfiniPot");
    std::vector<std::byte> bytes(packed({}).size());
    bytes.resize(snapshot.file_->read(bytes, 0));
    if (bytes.size() < packed({}).size()) snapshot.fail("is truncated; make it again");
    StateArchive archive(bytes);
    Header header;
    header.serialize(archive);
    if (header.byte_order != byte_order_mark)
        snapshot.fail("was made on a machine of another kind");
    if (header.version != format_version) {
        snapshot.fail("has version " + std::to_string(header.version) +
                      " of the format, and this program reads version " +
                      std::to_string(format_version) + "; make it again");
    }
    if (packed(header) != bytes) snapshot.fail("has a damaged header; make it again");
    if (header.file_bytes != snapshot.file_bytes()) snapshot.fail("is truncated; make it again");
    for (const SnapshotPlace& place : header.places) {
        if (place.offset > header.file_bytes || place.size > header.file_bytes - place.offset)
            snapshot.fail("has a section that lies outside; make it again");
    }
    snapshot.places_ = header.places;
    const SnapshotPlace& cache = snapshot.place(SnapshotSection::cache);
    if (cache.offset % PageMemory::alignment != 0 || cache.size == 0)
        snapshot.fail("has a KV cache that cannot be mapped; make it again");
    return snapshot;
}

std::vector<std::byte> SnapshotFile::read(SnapshotSection section) const {
    const SnapshotPlace& where = place(section);
    if (where.size > largest_small_section) fail("has a section of more than 4 GiB; make it again");
    std::vector<std::byte> bytes(static_cast<std::size_t>(where.size));
    bytes.resize(file_->read(bytes, where.offset));
    if (bytes.size() != where.size || hash_of(bytes) != where.hash)
        fail("is damaged: a checksum is wrong; make it again");
    return bytes;
}

void SnapshotFile::verify_cache() const {
    const SnapshotPlace& cache = place(SnapshotSection::cache);
    if (hash_of_part(*file_, cache.offset, cache.size) != cache.hash)
        fail("is damaged: the checksum of the KV cache is wrong; make it again");
}

void SnapshotFile::verify_cache_once(VerifiedFiles& verified) const {
    const FileState state = file_->state();  // before its pages are read
    if (verified.contains(state)) return;
    verify_cache();
    verified.insert(state);
}

CacheImage SnapshotFile::image(std::size_t bytes, int n) const {
    const SnapshotPlace& cache = place(SnapshotSection::cache);
    if (cache.size != bytes) fail("has a KV cache of another size than its options say");
    return {file_, cache.offset, n};
}

}  // namespace infinipot
