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

/// The tokens of a stream that was read, and what became of them.
class Inspection {
   public:
    explicit Inspection(const Model& model);

    /// Where the session that is read with writes down what its policy keeps.
    std::shared_ptr<eval::Survival> survival() const { return survival_; }

    /// A batch that was read: SessionOptions::measure_surprisal is set.
    void add(const Progress& batch);

    const std::vector<Token>& tokens() const { return tokens_; }
    const std::vector<float>& nats() const { return nats_; }  ///< surprisal of each token

    /// The text of each token, of whole characters: one of several tokens is its last token's.
    /// Control tokens, such as those of a chat template, have none.
    std::vector<std::string> pieces() const;
    bool is_control(std::size_t position) const { return model_.piece(tokens_[position]).empty(); }

    /// Tokens that have been through a distillation: positions 0 to n - 1.
    std::size_t n_distilled() const;

    /// Of these, the share of all layers and heads that holds each after the last one.
    std::vector<double> shares() const;

   private:
    Model model_;
    std::shared_ptr<eval::Survival> survival_;
    std::vector<Token> tokens_;
    std::vector<float> nats_;
};

/// Everything, behind what `report` says of the run.
nlohmann::ordered_json to_json(const Inspection& inspection, const Report& report);

}  // namespace infinipot::cli
