#include "text/chat_frame.h"

#include <gtest/gtest.h>
#include <llama.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "support/gguf_writer.h"
#include "support/paths.h"
#include "support/temp_dir.h"
#include "text/vocabulary.h"

// The frame around text and question in each family of models, and the tokens that end an answer.

namespace infinipot {
namespace {

std::string template_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(llama_file("models/templates/" + name + ".jinja")).rdbuf();
    return text.str();
}

struct Family {
    const char* name;
    std::string source;  ///< of the chat template
    const char* opening;
    const char* closing;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

const char* const chatml_opening = "<|im_start|>user\n";
const char* const chatml_closing = "<|im_end|>\n<|im_start|>assistant\n";
const char* const llama3_opening = "<|start_header_id|>user<|end_header_id|>\n\n";
const char* const llama3_closing = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n";

std::vector<Family> families() {
    return {
        {"Llama_2", "{% if '<<SYS>>' %}[INST] {{ messages[0].content | trim }} [/INST]", "[INST] ",
         " [/INST]"},
        {"Llama_3_1", template_of("meta-llama-Llama-3.1-8B-Instruct"), llama3_opening,
         llama3_closing},
        {"Llama_3_2", template_of("meta-llama-Llama-3.2-3B-Instruct"), llama3_opening,
         llama3_closing},
        {"Mistral_0_1", "{{ bos_token }}{{ '[INST] ' + message['content'] + ' [/INST]' }}",
         "[INST] ", " [/INST]"},
        {"Mistral_Nemo", template_of("mistralai-Mistral-Nemo-Instruct-2407"), "[INST]", "[/INST]"},
        // Without the vocabulary's end of text: see Ends_a_turn_of_Zephyrs_format_...
        {"TinyLlama", "{{ '<|user|>\n' + message['content'] + eos_token }}{{ '<|assistant|>\n' }}",
         "<|user|>\n", "<|assistant|>"},
        {"Gemma_2", template_of("google-gemma-2-2b-it"), "<start_of_turn>user\n",
         "<end_of_turn>\n<start_of_turn>model\n"},
        {"Phi_3_5", template_of("microsoft-Phi-3.5-mini-instruct"), "<|user|>\n",
         "<|end|>\n<|assistant|>\n"},
        {"Qwen_2_5", template_of("Qwen-Qwen2.5-7B-Instruct"), chatml_opening, chatml_closing},
        {"Qwen_3", template_of("Qwen-Qwen3-0.6B"), chatml_opening, chatml_closing},
        {"SmolLM_3", template_of("HuggingFaceTB-SmolLM3-3B"), chatml_opening, chatml_closing},
    };
}

class ChatFamilies : public testing::TestWithParam<Family> {};

TEST_P(ChatFamilies, A_turn_stands_between_the_markers_of_its_family) {
    const auto frame = chat_frame(GetParam().source);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->opening, GetParam().opening);
    EXPECT_EQ(frame->closing, GetParam().closing);
}

TEST_P(ChatFamilies, A_turn_has_the_frame_that_libllama_puts_around_it) {
    const auto frame = chat_frame(GetParam().source);
    ASSERT_TRUE(frame);
    const std::string words = "It was late.\n\nWho came?";
    const llama_chat_message turn{"user", words.c_str()};
    std::string text(1024, '\0');
    const int n = llama_chat_apply_template(GetParam().source.c_str(), &turn, 1, true, text.data(),
                                            static_cast<int>(text.size()));
    ASSERT_GT(n, 0);
    text.resize(static_cast<std::size_t>(n));
    EXPECT_EQ(frame->opening + words + frame->closing, text);
}

INSTANTIATE_TEST_SUITE_P(All, ChatFamilies, testing::ValuesIn(families()),
                         [](const auto& test_case) { return test_case.param.name; });

TEST(ChatFrame, Ends_a_turn_of_Zephyrs_format_with_the_vocabularys_end_token) {
    const auto frame = chat_frame(
        "{{ '<|user|>\n' + message['content'] + eos_token }}{{ '<|assistant|>' }}", "</s>");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->opening, "<|user|>\n");
    EXPECT_EQ(frame->closing, "</s>\n<|assistant|>\n");
    const auto phi = chat_frame(template_of("microsoft-Phi-3.5-mini-instruct"), "<|endoftext|>");
    EXPECT_EQ(phi->closing, "<|end|>\n<|assistant|>\n");
}

TEST(ChatFrame, Is_empty_without_a_recognised_template) {
    EXPECT_FALSE(chat_frame(""));
    EXPECT_FALSE(chat_frame("{{ messages }}"));
}

struct Stop {
    const char* vocabulary;
    const char* word;
};

/// The token of a control word.
Token control(const Vocabulary& vocabulary, const char* word) {
    const auto tokens = vocabulary.tokenize_control(word);
    EXPECT_EQ(tokens.size(), 1u) << word << " is no token";
    return tokens.empty() ? -1 : tokens.front();
}

TEST(StopTokens, Every_family_has_its_stop_tokens) {
    for (const auto& [name, word] :
         {Stop{"llama-bpe", "<|eot_id|>"}, Stop{"llama-bpe", "<|end_of_text|>"},
          Stop{"qwen2", "<|im_end|>"}, Stop{"qwen2", "<|endoftext|>"}, Stop{"phi-3", "<|end|>"},
          Stop{"phi-3", "<|endoftext|>"}, Stop{"llama-spm", "</s>"}}) {
        const Vocabulary vocabulary(vocabulary_path(name));
        EXPECT_TRUE(vocabulary.ends_answer(control(vocabulary, word))) << name << " " << word;
        EXPECT_FALSE(vocabulary.ends_answer(vocabulary.tokenize("the").front()));
    }
}

// Gemma's own vocabulary is not among llama.cpp's: a part of LLaMA's with its control words.
TEST(StopTokens, Gemma_has_its_stop_tokens) {
    LlamaVocabulary words = LlamaVocabulary::load(400);
    constexpr std::int32_t control_type = 3;
    for (const char* word : {"<start_of_turn>", "<end_of_turn>"}) {
        words.tokens.emplace_back(word);
        words.scores.push_back(0);
        words.types.push_back(control_type);
    }
    const TempDir folder;
    GgufWriter writer;
    writer.set("general.architecture", "gemma2");
    words.add_to(writer);
    writer.write(folder / "gemma.gguf");
    const Vocabulary vocabulary(folder / "gemma.gguf");
    EXPECT_TRUE(vocabulary.ends_answer(control(vocabulary, "<end_of_turn>")));
    EXPECT_FALSE(vocabulary.ends_answer(control(vocabulary, "<start_of_turn>")));
}

}  // namespace
}  // namespace infinipot
