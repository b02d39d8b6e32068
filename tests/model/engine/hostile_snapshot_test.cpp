#include "support/hostile_snapshot.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <random>
#include <utility>

#include "engine/saved_plan.h"
#include "support/paths.h"
#include "support/temp_dir.h"

// Snapshots with right checksums and wrong contents. The fuzzer of tests/fuzz makes more of them.

namespace infinipot {
namespace {

class HostileSnapshots : public testing::Test {
   protected:
    explicit HostileSnapshots(bool has_windows = false)
        : model_(model_for_snapshots(folder_.path(), has_windows)) {}

    static HostileSnapshot with(HostileSnapshot snapshot, std::uint8_t flag) {
        snapshot.flags |= flag;
        return snapshot;
    }

    /// Reads it in both ways.
    void expect_sound_or_refused(const HostileSnapshot& snapshot) {
        EXPECT_NO_THROW(reader_.read(snapshot));
        EXPECT_NO_THROW(reader_.read(with(snapshot, HostileSnapshot::is_used)));
    }

    /// Puts one extreme number somewhere into each of n snapshots.
    void expect_extremes_refused_or_restored(int n);

    TempDir folder_;
    Model model_;
    std::vector<HostileSnapshot> sound_ = sound_snapshots(model_, folder_.path());
    SnapshotReader reader_{model_, sound_};
};

TEST_F(HostileSnapshots, Are_restored_if_nothing_in_them_is_wrong) {
    for (const HostileSnapshot& snapshot : sound_) {
        EXPECT_EQ(reader_.read(snapshot), "");
        EXPECT_EQ(reader_.read(with(snapshot, HostileSnapshot::is_used)), "");
        const HostileSnapshot again = HostileSnapshot::unpack(snapshot.pack());
        EXPECT_EQ(again.pack(), snapshot.pack());
    }
}

TEST_F(HostileSnapshots, Found_by_fuzzing_are_refused_or_restored) {
    int n = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(source_file("tests/fuzz/snapshots"))) {
        SCOPED_TRACE(entry.path());
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        expect_sound_or_refused(HostileSnapshot::unpack(std::as_bytes(std::span(bytes))));
        ++n;
    }
    EXPECT_GT(n, 0);
}

void HostileSnapshots::expect_extremes_refused_or_restored(int n) {
    std::minstd_rand random(1);
    constexpr std::int64_t extremes[] = {-1, 0, 0x7fffffff, 0x7fffffffffffffff};
    for (int i = 0; i < n; ++i) {
        HostileSnapshot snapshot = sound_[random() % sound_.size()];
        const std::int64_t value = extremes[random() % std::size(extremes)];
        std::vector<std::byte>& part = i % 4 == 3 ? snapshot.cache : snapshot.state;
        const std::size_t width = i % 2 == 0 ? 4 : 8;
        if (part.size() < width) continue;
        const std::size_t at = random() % (part.size() - width + 1);
        SCOPED_TRACE(testing::Message() << "extreme " << i << " at " << at);
        std::memcpy(part.data() + at, &value, width);
        expect_sound_or_refused(snapshot);
    }
}

TEST_F(HostileSnapshots, With_one_extreme_number_are_refused_or_restored) {
    expect_extremes_refused_or_restored(1000);
}

class HostileSnapshotsOfWindows : public HostileSnapshots {
   protected:
    HostileSnapshotsOfWindows() : HostileSnapshots(true) {}
};

TEST_F(HostileSnapshotsOfWindows, With_one_extreme_number_are_refused_or_restored) {
    for (const HostileSnapshot& snapshot : sound_) EXPECT_EQ(reader_.read(snapshot), "");
    expect_extremes_refused_or_restored(300);
}

/// Returns the snapshot with a changed plan.
HostileSnapshot with_plan(HostileSnapshot snapshot,
                          const std::function<void(SavedPlan& plan)>& change) {
    StateArchive reading(snapshot.state);
    SavedPlan plan;
    plan.serialize(reading);
    StateArchive as_it_was, changed;
    plan.serialize(as_it_was);
    change(plan);
    plan.serialize(changed);
    std::vector<std::byte> state(changed.written().begin(), changed.written().end());
    const auto behind = static_cast<std::ptrdiff_t>(as_it_was.written().size());
    state.insert(state.end(), snapshot.state.begin() + behind, snapshot.state.end());
    snapshot.state = std::move(state);
    return snapshot;
}

TEST_F(HostileSnapshots, Are_refused_if_their_options_contradict_each_other) {
    static constexpr int most = std::numeric_limits<int>::max();
    const std::pair<const char*, std::function<void(SavedPlan&)>> changes[] = {
        {"capacity", [](SavedPlan& p) { p.options.budget.capacity = most; }},
        {"reserve", [](SavedPlan& p) { p.options.budget.reserve = most; }},
        {"retain", [](SavedPlan& p) { p.options.budget.retain = most; }},
        {"protect_first", [](SavedPlan& p) { p.options.budget.protect_first = most; }},
        {"protect_recent", [](SavedPlan& p) { p.options.budget.protect_recent = most; }},
        {"memory", [](SavedPlan& p) { p.options.budget.memory_bytes = 1; }},
        {"opening", [](SavedPlan& p) { p.frame.opening.resize(1000); }},
        {"policy", [](SavedPlan& p) { p.policy = "no\npolicy" + std::string(100000, 'x'); }},
    };
    for (const HostileSnapshot& snapshot : sound_) {
        for (const auto& [name, change] : changes) {
            SCOPED_TRACE(name);
            EXPECT_NE(reader_.read(with_plan(snapshot, change)), "");
        }
    }
}

TEST_F(HostileSnapshots, Are_refused_if_the_catalyst_has_no_room) {
    const HostileSnapshot snapshot =
        with_plan(sound_.front(), [](SavedPlan& p) { p.catalyst.resize(1000); });
    EXPECT_NE(reader_.read(snapshot), "");
}

TEST_F(HostileSnapshots, Are_refused_if_their_date_has_no_year) {
    constexpr std::size_t behind = 8 + 8 + 5 + 8 + 8 + 32;  // the list of one text, a.txt
    for (const std::int64_t date : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
        HostileSnapshot snapshot = sound_.front();
        std::memcpy(snapshot.info.data() + snapshot.info.size() - behind - sizeof date, &date,
                    sizeof date);
        EXPECT_NE(reader_.read(snapshot), "") << date;
    }
}

}  // namespace
}  // namespace infinipot
