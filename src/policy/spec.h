#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// The text form of a policy in its parts: `name:option=value,option=value`.
/// Knows the grammar alone; which names and options exist is the registry's business.
class PolicySpec {
   public:
    struct Option {
        std::string name;
        std::string value;

        bool operator==(const Option&) const = default;
    };

    PolicySpec(std::string name, std::vector<Option> options = {});

    /// @throws Error(invalid_argument) unless `text` follows the grammar and no option comes twice.
    static PolicySpec parse(std::string_view text);

    std::string print() const;

    const std::string& name() const { return name_; }
    const std::vector<Option>& options() const { return options_; }
    bool operator==(const PolicySpec&) const = default;

   private:
    std::string name_;
    std::vector<Option> options_;
};

/// The value of type int or float that is all of `text`; nothing if it is something else.
template <typename T>
std::optional<T> read_value(std::string_view text);

/// The shortest text that reads back as the same value.
std::string print_value(float value);
std::string print_value(int value);

}  // namespace infinipot
