#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// The parts of a policy's text form, `name:option=value,option=value`. It knows the grammar alone;
/// the registry knows names and options.
class PolicySpec {
   public:
    struct Option {
        std::string name;
        std::string value;

        bool operator==(const Option&) const = default;
    };

    PolicySpec(std::string name, std::vector<Option> options = {});

    /// @throws Error(invalid_argument) unless `text` follows the grammar and names no option twice.
    static PolicySpec parse(std::string_view text);

    std::string print() const;

    const std::string& name() const { return name_; }
    const std::vector<Option>& options() const { return options_; }
    bool operator==(const PolicySpec&) const = default;

   private:
    std::string name_;
    std::vector<Option> options_;
};

/// Reads all of `text` as a value of type int or float. Returns nothing if it is something else.
template <typename T>
std::optional<T> read_value(std::string_view text);

/// Returns the shortest text that reads back as the same value.
std::string print_value(float value);
std::string print_value(int value);

}  // namespace infinipot
