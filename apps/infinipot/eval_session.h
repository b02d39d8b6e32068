#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "infinipot/infinipot.h"
#include "options/session_flags.h"

/// What every experiment writes down of its session.
namespace infinipot::cli {

/// All that decides a result besides the experiment's own settings.
nlohmann::ordered_json describe_session(const std::string& task, const Session& session,
                                        const SessionFlags& flags);

/// A file as results name it: without folders, which differ from machine to machine.
std::string file_name(const std::string& path);

/// Reads all of `text`; on a terminal a bar shows how far it is.
void read_with_progress(Session& session, std::string_view text);

/// How much was read and what it took, and what made the result besides what decides it: version
/// and commit of the program, a fingerprint of the model file's size, beginning and end, device,
/// kernels, threads, batch, and how many sessions ran at one time.
void add_measurements(nlohmann::ordered_json& result, const Session& session,
                      const SessionFlags& flags);

}  // namespace infinipot::cli
