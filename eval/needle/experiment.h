#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/needle/needle.h"
#include "eval/run/experiment.h"
#include "eval/run/method.h"
#include "eval/text/endless_text.h"

/// The experiment of `infinipot eval needle`: one item for each haystack, length, depth and key.
namespace infinipot::eval {

/// The name of the haystack of repeated sentences.
constexpr std::string_view needle_filler = "filler";

struct NeedleRun {
    std::vector<std::string> haystacks = {"samples/sherlock-holmes.txt"};
    std::vector<int> lengths;
    std::vector<double> depths = {0.1, 0.5, 0.9};
    NeedleKind kind = NeedleKind::pass_key;
    int n_needles = 1;
    int n_keys = 3;
    std::uint32_t seed = 1;
    std::string out;
    Method method;
};

/// One text and its needles.
struct NeedleText {
    std::string haystack;         ///< file name, or needle_filler
    int length;                   ///< tokens of haystack and needles
    std::optional<double> depth;  ///< of the needle, 0 to 1; nothing for several, evenly spread
    int key_index;
    std::vector<Needle> needles;  ///< in the order of the text
};

/// The haystacks by name.
using Haystacks = std::map<std::string, EndlessText>;

/// Returns the names of the kinds.
std::span<const std::pair<std::string_view, NeedleKind>> needle_kinds();

/// Returns one text for each haystack, length, depth and key.
/// @throws as make_needles()
std::vector<NeedleText> needle_texts(const NeedleRun& run);

/// Returns the depth of each needle, 0 to 1, ascending. Several needles stand in the middle of
/// equal parts of the text.
std::vector<double> depths_of(const NeedleText& text);

/// Returns the needles in the order of the questions. Each text begins with another needle, so that
/// the order of the questions is independent of depth.
std::vector<Needle> in_asking_order(const NeedleText& text);

/// Returns the options of a session that reads `text`, without its reserve.
/// @throws as session_options()
SessionOptions needle_options(const NeedleRun& run, const NeedleText& text);

/// Reads all haystacks.
/// @throws Error(invalid_argument) if two of them have one name
/// @throws as read_all()
Haystacks read_haystacks(const NeedleRun& run, const Model& model);

/// Returns the items. They refer to all five arguments.
/// @throws as Session
std::vector<ExperimentItem> needle_items(const NeedleRun& run, const std::vector<NeedleText>& texts,
                                         const Haystacks& haystacks, const Model& model,
                                         Host& host);

/// Returns whether a result has all that needle_table() reads.
bool is_needle_result(const Experiment::Json& result);

/// Returns a table with a line for each haystack, length and depth. If there are several questions
/// about a text, a last line has the mean score of all first questions, of all second ones, and so
/// on.
std::string needle_table(const std::vector<ExperimentItem>& items, const Experiment& experiment);

}  // namespace infinipot::eval
