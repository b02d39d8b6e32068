#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/survival/survival.h"
#include "infinipot/infinipot.h"
#include "report/report.h"

namespace infinipot::cli {

/// The tokens of a stream and the distillations that evicted them.
class Inspection {
   public:
    explicit Inspection(const Model& model);

    /// Returns the record to which the session's policy must write its choices; see recording().
    std::shared_ptr<eval::Survival> survival() const { return survival_; }

    /// Adds a batch that was read. Requires SessionOptions::measure_surprisal.
    void add(const Progress& batch);

    const std::vector<Token>& tokens() const { return tokens_; }
    const std::vector<float>& nats() const { return nats_; }  ///< surprisal of each token

    /// Returns the text of each token, in whole characters. A character of several tokens is the
    /// text of its last token. Control tokens, such as those of a chat template, have no text.
    std::vector<std::string> pieces() const;
    bool is_control(std::size_t position) const { return model_.piece(tokens_[position]).empty(); }

    /// Returns the number of tokens that a distillation has seen: positions 0 to n - 1.
    std::size_t n_distilled() const;

    /// Returns, for each of these tokens, the share of all heads that keep it at the last
    /// distillation.
    std::vector<double> shares() const;

   private:
    Model model_;
    std::shared_ptr<eval::Survival> survival_;
    std::vector<Token> tokens_;
    std::vector<float> nats_;
};

/// Returns the whole inspection as JSON, behind the report of the run.
nlohmann::ordered_json to_json(const Inspection& inspection, const Report& report);

}  // namespace infinipot::cli
