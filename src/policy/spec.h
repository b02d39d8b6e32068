#pragma once

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
    bool has(std::string_view option) const { return find(option) != nullptr; }

    /// The value of an option that is there.
    /// @throws Error(invalid_argument) if it is not of this kind.
    float number(std::string_view option) const;
    int integer(std::string_view option) const;

    /// 1 or 0.
    bool flag(std::string_view option) const;

    /// One of `words`.
    std::string choice(std::string_view option, const std::vector<std::string>& words) const;

    bool operator==(const PolicySpec&) const = default;

   private:
    template <typename T>
    T parse_value(std::string_view option, std::string_view expected) const;
    const Option* find(std::string_view option) const;

    std::string name_;
    std::vector<Option> options_;
};

/// The shortest text that reads back as the same value.
std::string print_value(float value);
std::string print_value(int value);

}  // namespace infinipot
