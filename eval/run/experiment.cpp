#include "eval/run/experiment.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "eval/run/quantity.h"
#include "eval/run/resumable.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

bool has_error(const Json& result) {
    return result.contains("error") && result["error"].is_string();
}

/// Returns whether an error concerns one item and its settings, and not the machine or the whole
/// run.
bool is_of_item(const Error& error) {
    return error.code() == ErrorCode::does_not_fit || error.code() == ErrorCode::bad_text;
}

Json measure(const ExperimentItem& item) {
    Json result = item.settings;
    try {
        item.measure(result);
    } catch (const Error& error) {
        if (!is_of_item(error)) throw;
        result["error"] = error.what();
    }
    return result;
}

/// Returns a text such as "found, 4,137 tokens at 183 tokens/s", or the error.
std::string describe(const Json& result,
                     const std::function<std::string(const Json& result)>& outcome) {
    if (has_error(result)) return result["error"];
    std::string text = outcome(result);
    if (result.contains("tokens_read")) {
        text += ", " + count_text(result["tokens_read"], "token") + " at " +
                rate_text(result["tokens_read"], result["prefill_seconds"]);
    }
    return text;
}

/// Counts the items and tells the host about each that is done. The expected time of the rest is
/// proportional to its size, at the speed of this run.
class ExperimentProgress {
   public:
    ExperimentProgress(const std::vector<ExperimentItem>& items, const Results& results, Host& host)
        : host_(host), n_items_(items.size()) {
        for (const ExperimentItem& item : items) {
            if (results.find(item.settings["id"])) {
                ++n_done_;
            } else {
                size_left_ += item.size;
            }
        }
        if (n_done_ > 0) host_.tell(done() + " were done before");
    }

    void update(const ExperimentItem& item, const std::string& outcome) {
        ++n_done_;
        size_done_ += item.size;
        size_left_ -= item.size;
        const double seconds_left = watch_.seconds() * size_left_ / size_done_;
        const std::string left =
            n_done_ < n_items_ ? ", " + seconds_text(seconds_left) + " left" : "";
        host_.tell(done() + ": " + item.name + ": " + outcome + left);
    }

    /// Returns a text such as "3 of 27".
    std::string done() const { return std::to_string(n_done_) + " of " + std::to_string(n_items_); }

   private:
    Host& host_;
    std::size_t n_items_;
    std::size_t n_done_ = 0;
    double size_left_ = 0;
    double size_done_ = 0;  ///< size of the items measured in this run
    Stopwatch watch_;
};

}  // namespace

bool has_score(const Json& result) {
    return result.contains("score") && result["score"].is_number();
}

std::string score_text(const Json& result) {
    char text[32];
    std::snprintf(text, sizeof text, "score %.2f", result["score"].get<double>());
    return text;
}

std::vector<ExperimentItem> each_once(std::vector<ExperimentItem> items) {
    std::set<std::string> ids;
    std::erase_if(items, [&](const ExperimentItem& item) {
        return !ids.insert(item.settings["id"].get<std::string>()).second;
    });
    return items;
}

Experiment::Experiment(std::string out, const std::function<bool(const Json&)>& is_whole,
                       Host& host)
    : host_(host),
      out_(std::move(out)),
      results_(out_, [&](const Json& result) { return has_error(result) || is_whole(result); }) {}

void Experiment::run(const std::vector<ExperimentItem>& items,
                     const std::function<std::string(const Json& result)>& outcome,
                     int n_parallel) {
    ExperimentProgress progress(items, results_, host_);
    std::mutex mutex;  // protects all that follows, the results and the progress
    auto next = items.begin();
    std::exception_ptr failure;
    const auto next_item = [&]() -> const ExperimentItem* {
        const std::lock_guard lock(mutex);
        while (!failure && next != items.end()) {
            const ExperimentItem& item = *next++;
            if (!results_.find(item.settings["id"])) return &item;
        }
        return nullptr;
    };
    const auto add = [&](const ExperimentItem& item, const Json& result) {
        const std::lock_guard lock(mutex);
        results_.add(result);
        progress.update(item, describe(result, outcome));
    };
    const auto work = [&] {
        try {
            while (const ExperimentItem* item = next_item()) {
                host_.check_interrupted();
                add(*item, measure(*item));
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    const auto measure_all = [&] {
        {
            const auto n_threads = std::min(static_cast<std::size_t>(n_parallel), items.size());
            std::vector<std::jthread> others;
            for (std::size_t i = 1; i < n_threads; ++i) others.emplace_back(work);
            work();
        }
        if (failure) std::rethrow_exception(failure);
    };
    run_resumably(out_, measure_all, [&] { return progress.done(); });
    check_measured(items);
}

void Experiment::check_measured(const std::vector<ExperimentItem>& items) const {
    const auto failed = [&](const ExperimentItem& item) { return has_error(result_of(item)); };
    if (items.empty() || !std::ranges::all_of(items, failed)) return;
    const Json first = result_of(items.front());
    throw Error(ErrorCode::does_not_fit,
                "none of " + count_text(items.size(), "item") +
                    " could be measured; the first: " + first["error"].get<std::string>());
}

Json Experiment::result_of(const ExperimentItem& item) const {
    return *results_.find(item.settings["id"]);
}

}  // namespace infinipot::eval
