#include "eval/run/experiment.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

/// Writes down what it is told.
class Listener final : public Host {
   public:
    void tell(const std::string& line) override { lines.push_back(line); }
    void check_interrupted() const override {
        if (n_before_interrupt-- == 0) throw Error(ErrorCode::interrupted, "interrupted");
    }

    std::vector<std::string> lines;
    mutable int n_before_interrupt = 1000;
};

class ExperimentTest : public testing::Test {
   protected:
    ExperimentItem item(const std::string& id, const std::function<void(Json&)>& measure) {
        return {.settings = {{"id", id}}, .name = "item " + id, .size = 1, .measure = measure};
    }

    ExperimentItem item(const std::string& id) {
        return item(id, [this, id](Json& result) {
            measured_.push_back(id);
            result["score"] = 0.5;
        });
    }

    ExperimentItem failing(const std::string& id, ErrorCode code) {
        return item(id, [code](Json&) { throw Error(code, "it does not work"); });
    }

    const TempDir folder_;
    const std::string out_ = folder_ / "r.jsonl";
    std::vector<std::string> measured_;
    Listener host_;
};

TEST_F(ExperimentTest, An_item_that_was_measured_before_is_not_measured_again) {
    Experiment(out_, has_score, host_).run({item("a"), item("b")}, score_text, 1);
    Experiment again(out_, has_score, host_);
    const std::vector<ExperimentItem> items = {item("a"), item("b"), item("c")};
    again.run(items, score_text, 1);
    EXPECT_EQ(measured_, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(again.result_of(items.front())["score"], 0.5);
}

TEST_F(ExperimentTest, An_interrupted_experiment_continues_where_it_stopped) {
    const std::vector<ExperimentItem> items = {item("a"), item("b"), item("c")};
    host_.n_before_interrupt = 2;
    try {
        Experiment(out_, has_score, host_).run(items, score_text, 1);
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::interrupted);
        EXPECT_EQ(std::string(error.what()),
                  "interrupted after 2 of 3; the same command goes on from there");
    }
    host_.n_before_interrupt = 1000;
    Experiment(out_, has_score, host_).run(items, score_text, 1);
    EXPECT_EQ(measured_, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ExperimentTest, The_host_is_told_a_line_for_each_item) {
    Experiment(out_, has_score, host_).run({item("a")}, score_text, 1);
    Experiment(out_, has_score, host_).run({item("a"), item("b")}, score_text, 1);
    EXPECT_EQ(host_.lines,
              (std::vector<std::string>{"1 of 1: item a: score 0.50", "1 of 2 were done before",
                                        "2 of 2: item b: score 0.50"}));
}

TEST_F(ExperimentTest, An_item_that_does_not_fit_is_written_down_with_its_error) {
    const std::vector<ExperimentItem> items = {failing("a", ErrorCode::does_not_fit), item("b")};
    Experiment experiment(out_, has_score, host_);
    experiment.run(items, score_text, 1);
    EXPECT_EQ(experiment.result_of(items[0])["error"], "it does not work");
    EXPECT_EQ(experiment.result_of(items[1])["score"], 0.5);
    EXPECT_NO_THROW(Experiment(out_, has_score, host_));
}

TEST_F(ExperimentTest, An_error_of_the_machine_ends_the_run) {
    const std::vector<ExperimentItem> items = {failing("a", ErrorCode::file_error), item("b")};
    EXPECT_THROW(Experiment(out_, has_score, host_).run(items, score_text, 1), Error);
    EXPECT_TRUE(measured_.empty());
}

TEST_F(ExperimentTest, A_run_in_which_nothing_fits_is_an_error) {
    const std::vector<ExperimentItem> items = {failing("a", ErrorCode::does_not_fit)};
    EXPECT_THROW(Experiment(out_, has_score, host_).run(items, score_text, 1), Error);
}

TEST_F(ExperimentTest, Several_items_at_one_time_give_all_results) {
    std::vector<ExperimentItem> items;
    for (int i = 0; i < 20; ++i) {
        items.push_back(item(std::to_string(i), [i](Json& result) { result["score"] = i; }));
    }
    Experiment experiment(out_, has_score, host_);
    experiment.run(items, score_text, 4);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(experiment.result_of(items[static_cast<std::size_t>(i)])["score"], i);
    }
    EXPECT_EQ(host_.lines.size(), 20U);
}

TEST_F(ExperimentTest, An_id_that_is_asked_for_twice_is_one_item) {
    const auto items = each_once({item("a"), item("b"), item("a")});
    EXPECT_EQ(items.size(), 2U);
}

}  // namespace
}  // namespace infinipot::eval
