#include "text/chat_frame.h"

#include <chat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "infinipot/error.h"
#include "support/gguf_writer.h"
#include "support/paths.h"
#include "support/published_templates.h"
#include "support/temp_dir.h"
#include "text/chat_template.h"
#include "text/vocabulary.h"

// The frame around text and question in each family of models, and the tokens that end an answer.

namespace infinipot {
namespace {

std::string template_of(const std::string& name) {
    return contents_of(llama_file("models/templates/" + name + ".jinja"));
}

ChatFrame frame_of(const std::string& source, ChatTemplate::Vocabulary vocabulary = {}) {
    return chat_frame(ChatTemplate(source, std::move(vocabulary)));
}

struct Family {
    const char* name;
    std::string source;  ///< of the chat template
    const char* begin_of_text;
    const char* end_of_text;
    ChatFrame frame;
    bool has_system_prompt = false;  ///< by default, before what the frame's opening says
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

/// The frame of ChatML with a system prompt.
ChatFrame chatml(const std::string& system) {
    const std::string before =
        system.empty() ? "" : "<|im_start|>system\n" + system + "<|im_end|>\n";
    return {before + "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"};
}

/// The frame of Llama 3, which names the dates of its data and of today.
ChatFrame llama3() {
    return {
        "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"};
}

const char* const tinyllama =
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
    "{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'system' %}\n"
    "{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n"
    "{% endfor %}";

const char* const llama_2 =
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}"
    "{% endif %}{% endfor %}";

const char* const mistral_1 =
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}";

const char* const smollm_2 =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

std::vector<Family> families() {
    return {
        {"Llama_2", llama_2, "<s>", "</s>", {"[INST] ", " [/INST]"}},
        {"Llama_3_1", template_of("meta-llama-Llama-3.1-8B-Instruct"), "<|begin_of_text|>",
         "<|eot_id|>", llama3()},
        {"Llama_3_2", template_of("meta-llama-Llama-3.2-3B-Instruct"), "<|begin_of_text|>",
         "<|eot_id|>", llama3()},
        {"Mistral_0_1", mistral_1, "<s>", "</s>", {"[INST] ", " [/INST]"}},
        {"Mistral_Nemo",
         template_of("mistralai-Mistral-Nemo-Instruct-2407"),
         "<s>",
         "</s>",
         {"[INST]", "[/INST]"}},
        {"TinyLlama", tinyllama, "<s>", "</s>", {"<|user|>\n", "</s>\n<|assistant|>\n"}},
        {"Gemma_2",
         template_of("google-gemma-2-2b-it"),
         "<bos>",
         "<eos>",
         {"<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n"}},
        {"Phi_3_5",
         template_of("microsoft-Phi-3.5-mini-instruct"),
         "<s>",
         "<|endoftext|>",
         {"<|user|>\n", "<|end|>\n<|assistant|>\n"}},
        {"Qwen_2_5", template_of("Qwen-Qwen2.5-7B-Instruct"), "", "<|im_end|>",
         chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")},
        {"Qwen_3", template_of("Qwen-Qwen3-0.6B"), "", "<|im_end|>", chatml("")},
        {"Qwen_3_5",
         template_of("Qwen3.5-4B"),
         "",
         "<|im_end|>",
         {"<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n<think>\n"}},
        {"LFM_2_5", template_of("LFM2.5-Instruct"), "<|startoftext|>", "<|im_end|>", chatml("")},
        {"Granite_4",
         template_of("ibm-granite-granite-4.0"),
         "",
         "<|end_of_text|>",
         {"<|start_of_role|>system<|end_of_role|>You are a helpful assistant. Please ensure "
          "responses are professional, accurate, and safe.<|end_of_text|>\n"
          "<|start_of_role|>user<|end_of_role|>",
          "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"}},
        {"SmolLM_2", smollm_2, "", "<|im_end|>",
         chatml("You are a helpful AI assistant named SmolLM, trained by Hugging Face")},
    };
}

/// Templates of models whose default system prompt is long or has a date.
std::vector<Family> families_with_system_prompt() {
    const ChatFrame granite{"<|start_of_role|>user<|end_of_role|>",
                            "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"};
    const ChatFrame mistral{"[INST]", "[/INST]"};
    const auto family = [](const char* name, const char* file, const char* begin, const char* end,
                           const ChatFrame& frame) {
        return Family{name, template_of(file), begin, end, frame, true};
    };
    return {
        family("SmolLM_3", "HuggingFaceTB-SmolLM3-3B", "", "<|im_end|>", chatml("")),
        family("Granite_3_3", "ibm-granite-granite-3.3-2B-Instruct", "", "<|end_of_text|>",
               granite),
        family("Granite_4", "ibm-granite-granite-4.0", "", "<|end_of_text|>", granite),
        family("GLM_4_6", "GLM-4.6", "", "<|endoftext|>", {"<|user|>\n", "<|assistant|>"}),
        family("Seed_OSS", "ByteDance-Seed-OSS", "<seed:bos>", "<seed:eos>",
               {"user\n", "<seed:eos><seed:bos>assistant\n"}),
        family("Command_R7B", "CohereForAI-c4ai-command-r7b-12-2024-tool_use", "<BOS_TOKEN>",
               "<|END_OF_TURN_TOKEN|>",
               {"<|START_OF_TURN_TOKEN|><|USER_TOKEN|>",
                "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"}),
        family("Mistral_Small_3_2", "Mistral-Small-3.2-24B-Instruct-2506", "<s>", "</s>", mistral),
        family("Ministral_3", "mistralai-Ministral-3-14B-Reasoning-2512", "<s>", "</s>", mistral),
        family("Apertus", "Apertus-8B-Instruct", "<s>", "<|assistant_end|>",
               {"<|user_start|>", "<|user_end|><|assistant_start|>"}),
        family("Qwen_3_Coder", "Qwen3-Coder", "", "<|im_end|>", chatml("")),
        family("gpt_oss", "openai-gpt-oss-120b", "<|startoftext|>", "<|return|>",
               {"<|start|>user<|message|>", "<|end|><|start|>assistant"}),
    };
}

/// The date as templates write it.
std::string date(std::time_t time, const char* format) {
    char text[32];
    return {text, std::strftime(text, sizeof text, format, std::localtime(&time))};
}

class ChatFamilies : public testing::TestWithParam<Family> {
   protected:
    ChatTemplate::Vocabulary vocabulary() const {
        return {.begin_of_text = GetParam().begin_of_text,
                .end_of_text = GetParam().end_of_text,
                .adds_begin = true};
    }
};

TEST_P(ChatFamilies, A_turn_stands_between_the_words_of_its_family) {
    const ChatFrame frame = frame_of(GetParam().source, vocabulary());
    if (GetParam().has_system_prompt) {
        EXPECT_TRUE(frame.opening.ends_with(GetParam().frame.opening)) << frame.opening;
    } else {
        EXPECT_EQ(frame.opening, GetParam().frame.opening);
    }
    EXPECT_EQ(frame.closing, GetParam().frame.closing);
}

/// Noon of 26 July 2024, in the time zone of this machine.
std::time_t time_of_frames() {
    std::tm noon{};
    noon.tm_year = 124;
    noon.tm_mon = 6;
    noon.tm_mday = 26;
    noon.tm_hour = 12;
    noon.tm_isdst = -1;
    return std::mktime(&noon);
}

TEST_P(ChatFamilies, A_turn_has_the_frame_that_llama_cpp_puts_around_it) {
    const std::string words = "It was late.\n\nWho came?";
    common_chat_templates_inputs inputs;
    inputs.messages.emplace_back();
    inputs.messages.back().role = "user";
    inputs.messages.back().content = words;
    const auto theirs = common_chat_templates_init(
        nullptr, GetParam().source, GetParam().begin_of_text, GetParam().end_of_text);
    std::string text = common_chat_templates_apply(theirs.get(), inputs).prompt;
    for (const char* format : {"%d %b %Y", "%d %B %Y", "%B %d, %Y", "%Y-%m-%d"}) {
        const std::string today = date(std::time(nullptr), format);
        const std::size_t at = text.find(today);
        if (at != std::string::npos) text.replace(at, today.size(), date(time_of_frames(), format));
    }
    const ChatFrame frame =
        frame_of(GetParam().source, {GetParam().begin_of_text, GetParam().end_of_text});
    EXPECT_EQ(frame.opening + words + frame.closing, text);
}

TEST(ChatFrame, Begins_with_the_system_prompt_that_a_template_has_by_default) {
    const ChatFrame frame = frame_of(template_of("HuggingFaceTB-SmolLM3-3B"));
    EXPECT_TRUE(frame.opening.starts_with("<|im_start|>system\n## Metadata\n\nKnowledge Cutoff"));
    EXPECT_TRUE(frame.opening.ends_with("<|im_end|>\n<|im_start|>user\n"));
    EXPECT_EQ(frame.closing, "<|im_end|>\n<|im_start|>assistant\n");
}

INSTANTIATE_TEST_SUITE_P(All, ChatFamilies, testing::ValuesIn(families()),
                         [](const auto& test_case) { return test_case.param.name; });
INSTANTIATE_TEST_SUITE_P(WithSystemPrompt, ChatFamilies,
                         testing::ValuesIn(families_with_system_prompt()),
                         [](const auto& test_case) { return test_case.param.name; });

TEST(ChatFrame, Is_refused_unless_a_template_writes_a_users_words_exactly_once) {
    for (const char* source :
         {"", "Hello", "{{ messages[0]['content'] * 2 }}", "{{ messages[0]['content'][2:] }}"}) {
        EXPECT_THROW(frame_of(source), Error) << source;
    }
}

TEST(ChatFrame, Is_refused_with_the_words_of_a_template_that_refuses_a_user_turn) {
    try {
        frame_of("{{ raise_exception('system first') }}");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("system first"), std::string::npos);
    }
}

TEST(ChatFrame, Is_the_same_in_every_time_zone) {
    const std::string dated = "{{ strftime_now('%Y-%m-%d %H') }}{{ messages[0]['content'] }}";
    const std::string before = std::getenv("TZ") ? std::getenv("TZ") : "";
    for (const char* zone : {"UTC0", "XXX-14", "XXX12"}) {
        setenv("TZ", zone, 1);
        tzset();
        EXPECT_EQ(frame_of(dated).opening, "2024-07-26 12") << zone;
    }
    before.empty() ? unsetenv("TZ") : setenv("TZ", before.c_str(), 1);
    tzset();
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
          Stop{"phi-3", "<|endoftext|>"}, Stop{"qwen35", "<|im_end|>"},
          Stop{"llama-spm", "</s>"}}) {
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
