#include <iterator>
#include <vector>

#include "commands/commands.h"
#include "infinipot/error.h"

namespace infinipot::cli {

Command add_eval(CLI::App& program) {
    CLI::App& app = *program.add_subcommand("eval", "Runs the experiments of the paper");
    const Command experiments[] = {add_eval_passkey(app),      add_eval_needle(app),
                                   add_eval_instructions(app), add_eval_perplexity(app),
                                   add_eval_longbench(app),    add_eval_ruler(app),
                                   add_eval_metric_check(app), add_eval_compare(app)};
    return {&app, [experiments = std::vector(std::begin(experiments), std::end(experiments))] {
                for (const Command& experiment : experiments) {
                    if (experiment.app->parsed()) return experiment.run();
                }
                throw Error(ErrorCode::invalid_argument,
                            "eval wants an experiment, such as passkey; see infinipot eval --help");
            }};
}

}  // namespace infinipot::cli
