# llama.cpp's Jinja engine with limits: a copy of its source that calls src/text/template_hooks.h. The
# templates that it runs come with models, so they may be hostile. The copy has a namespace of its own,
# to be linked beside the original.

# Replaces a text that `file` of the engine must have exactly `count` times.
function(infinipot_edit_jinja file count old new)
    string(LENGTH "${old}" length)
    string(LENGTH "${jinja_${file}}" before)
    string(REPLACE "${old}" "" without "${jinja_${file}}")
    string(LENGTH "${without}" after)
    math(EXPR found "(${before} - ${after}) / ${length}")
    if(NOT found EQUAL count)
        message(FATAL_ERROR "common/jinja/${file} of llama.cpp has the following text ${found} times, "
            "not ${count}. Adapt cmake/jinja_limits.cmake to this version.\n${old}")
    endif()
    string(REPLACE "${old}" "${new}" edited "${jinja_${file}}")
    set(jinja_${file} "${edited}" PARENT_SCOPE)
endfunction()

# Levels of recursion, and trees whose height no recursion of the parser shows.
macro(infinipot_limit_jinja_parser)
    foreach(signature IN ITEMS "parse_any()" "parse_if_statement(size_t start_pos)" "parse_if_expression()"
            "parse_logical_negation_expression()" "parse_unary_expression()"
            "parse_call_expression(statement_ptr callee)")
        infinipot_edit_jinja(parser.cpp 1 "statement_ptr ${signature} {"
            "statement_ptr ${signature} {\n        const limits::Level level;")
    endforeach()
    infinipot_edit_jinja(parser.cpp 1 [==[    // NOTE: start_pos is the token index]==] [==[
    template<typename T> static size_t height(const T &) { return 0; }
    template<typename T> static size_t height(const std::unique_ptr<T> & ptr) { return ptr ? ptr->height : 0; }
    static size_t height(const statements & all) {
        size_t most = 0;
        for (const auto & each : all) most = std::max(most, height(each));
        return most;
    }
    static size_t height(const std::vector<std::pair<statement_ptr, statement_ptr>> & all) {
        size_t most = 0;
        for (const auto & [key, val] : all) most = std::max({most, height(key), height(val)});
        return most;
    }

    // NOTE: start_pos is the token index]==])
    infinipot_edit_jinja(parser.cpp 1
        [==[auto ptr = std::make_unique<T>(std::forward<Args>(args)...);]==]
        [==[const size_t grown = limits::above(std::max({size_t(0), height(args)...}));
        auto ptr = std::make_unique<T>(std::forward<Args>(args)...);
        ptr->height = grown;]==])
    infinipot_edit_jinja(parser.cpp 1 [==[assert(start_pos < tokens.size());]==]
        [==[if (start_pos >= tokens.size()) throw std::runtime_error("Unexpected end");]==])
    infinipot_edit_jinja(runtime.h 1 [==[size_t pos; // position in source, for debugging]==]
        [==[size_t pos; // position in source, for debugging
    size_t height = 1; // levels of statements from here to the deepest]==])
endmacro()

macro(infinipot_limit_jinja_execution)
    infinipot_edit_jinja(runtime.cpp 1 [==[return execute_impl(ctx);]==]
        [==[const limits::Level level;
        return execute_impl(ctx);]==])
    infinipot_edit_jinja(runtime.h 1 [==[test->execute_impl(ctx)]==] [==[test->execute(ctx)]==])
    infinipot_edit_jinja(runtime.h 1 [==[lhs->execute_impl(ctx)]==] [==[lhs->execute(ctx)]==])
    infinipot_edit_jinja(runtime.h 1
        [==[static void gather_string_parts_recursive(const value & val, value_string & parts) {]==]
        [==[static void gather_string_parts_recursive(const value & val, value_string & parts) {
    const limits::Level level;]==])
    infinipot_edit_jinja(runtime.cpp 1 [==[for (int64_t i = 0; i < repeat; ++i) {]==]
        [==[for (int64_t i = 0; i < repeat; ++i) {
            limits::step();]==])
    infinipot_edit_jinja(runtime.cpp 1 [==[std::vector<std::function<void(context &)>>]==]
        [==[limits::vector<std::function<void(context &)>>]==])
    infinipot_edit_jinja(runtime.cpp 1 [==[input->stats.ops.insert(name);]==]
        [==[if (name.size() < 64) input->stats.ops.insert(name);]==])
    # Sums that overflow, and what else the language leaves undefined.
    infinipot_edit_jinja(runtime.cpp 1 [==[mk_val<value_int>(-operand_val->as_int())]==]
        [==[mk_val<value_int>(static_cast<int64_t>(0 - static_cast<uint64_t>(operand_val->as_int())))]==])
    infinipot_edit_jinja(runtime.h 2 [==[assert(dynamic_cast]==] [==[(void)(dynamic_cast]==])
    # Printing for debugging names a global variable and makes texts.
    infinipot_edit_jinja(runtime.h 1 [==[#define JJ_DEBUG(msg, ...)]==]
        [==[#define JJ_DEBUG(...) do {} while (0)
#define JINJA_PRINT(msg, ...)]==])
    infinipot_edit_jinja(runtime.h 1 [==[extern bool g_jinja_debug;]==] "")
    infinipot_edit_jinja(runtime.cpp 1 [==[bool g_jinja_debug = false;]==] [==[static bool g_jinja_debug = false;]==])
endmacro()

# The memory of values, how deep they nest, and how they are destroyed.
macro(infinipot_limit_jinja_values)
    infinipot_edit_jinja(value.h 9 [==[std::vector<value>]==] [==[limits::vector<value>]==])
    infinipot_edit_jinja(value.cpp 3 [==[std::vector<value>]==] [==[limits::vector<value>]==])
    infinipot_edit_jinja(runtime.cpp 2 [==[std::vector<value>]==] [==[limits::vector<value>]==])
    infinipot_edit_jinja(value.h 4 [==[std::vector<std::pair<value, value>>]==]
        [==[limits::vector<std::pair<value, value>>]==])
    infinipot_edit_jinja(value.h 1 [==[value_hasher, value_equivalence> unordered;]==]
        [==[value_hasher, value_equivalence, limits::Allocator<std::pair<const value, value>>> unordered;]==])
    infinipot_edit_jinja(value.h 1 [==[std::set<std::string> ops;]==]
        [==[std::set<std::string, std::less<std::string>, limits::Allocator<std::string>> ops;]==])
    infinipot_edit_jinja(value.h 1 [==[std::make_shared<PointeeType>(]==]
        [==[std::allocate_shared<PointeeType>(limits::Allocator<PointeeType>(), ]==])
    infinipot_edit_jinja(value.h 1 [==[hint(h) {}]==] [==[hint(h, 0, 64) {}]==])

    infinipot_edit_jinja(value.h 1 [==[struct value_t {]==] [==[struct value_t : limits::Known {]==])
    infinipot_edit_jinja(value.h 1 [==[    value_t(const value_t &) = default;
    virtual ~value_t() = default;]==] [==[
    virtual ~value_t() { value_t::let_go(); }
    void let_go() noexcept override {
        limits::destroy(val_arr);
        limits::destroy(val_obj);
        limits::destroy(val_func);
    }]==])
    infinipot_edit_jinja(value.h 1 [==[    value_object_t() = default;]==] [==[
    value_object_t() = default;
    void let_go() noexcept override {
        limits::destroy(unordered);
        value_t::let_go();
    }]==])
    infinipot_edit_jinja(value.h 1
        [==[    value_func_t(const std::string & name, const func_handler & func) :]==] [==[
    ~value_func_t() override { limits::destroy(arg0); }
    value_func_t(const std::string & name, const func_handler & func) :]==])
    infinipot_edit_jinja(value.h 1 [==[    value_kwarg_t(const std::string & k,]==] [==[
    ~value_kwarg_t() override { limits::destroy(val); }
    value_kwarg_t(const std::string & k,]==])

    infinipot_edit_jinja(value.h 11 [==[unique_hash() const noexcept]==] [==[unique_hash() const]==])
    infinipot_edit_jinja(value.h 1 [==[size_t operator()(const value & val) const noexcept {]==]
        [==[size_t operator()(const value & val) const {]==])
    infinipot_edit_jinja(value.h 2 [==[        auto hash = hasher(typeid(*this));]==]
        [==[        const limits::Level level;
        auto hash = hasher(typeid(*this));]==])
    infinipot_edit_jinja(value.h 1 [==[        auto hash = val->unique_hash();]==]
        [==[        const limits::Level level;
        auto hash = val->unique_hash();]==])
    infinipot_edit_jinja(value.h 2 [==[        if (std::all_of(]==]
        [==[        const limits::Level level;
        if (std::all_of(]==])
    infinipot_edit_jinja(value.h 2
        [==[        return typeid(*this) == typeid(other) && is_hashable()]==]
        [==[        const limits::Level level;
        return typeid(*this) == typeid(other) && is_hashable()]==])
    infinipot_edit_jinja(value.h 1 [==[virtual bool has_key(const value & key) override {]==]
        [==[virtual bool has_key(const value & key) override {
        limits::step();]==])
    infinipot_edit_jinja(value.cpp 1 [==[void value_t::stats_t::mark_used(value & val, bool deep) {]==]
        [==[void value_t::stats_t::mark_used(value & val, bool deep) {
    const limits::Level level;]==])
    infinipot_edit_jinja(value.cpp 1
        [==[bool value_compare(const value & a, const value & b, value_compare_op op) {]==]
        [==[bool value_compare(const value & a, const value & b, value_compare_op op) {
    limits::step();]==])
endmacro()

# Texts. Values that hold the same value twice can be written as texts of exponential length.
macro(infinipot_limit_jinja_texts)
    infinipot_edit_jinja(string.h 1 [==[std::vector<string_part>]==] [==[limits::vector<string_part>]==])
    infinipot_edit_jinja(string.h 1 [==[    std::string val;
]==] [==[    std::string val;
    limits::Bytes bytes{val.size()};
]==])
    infinipot_edit_jinja(string.cpp 1 [==[std::string string::str() const {]==]
        [==[std::string string::str() const {
    limits::text(length());]==])
    infinipot_edit_jinja(string.cpp 2 [==[parts.erase(parts.begin() + i);]==]
        [==[limits::search(parts.size() * sizeof(string_part), 1);
            parts.erase(parts.begin() + i);]==])
    infinipot_edit_jinja(string.cpp 1 [==[    if (parts.empty()) {]==]
        [==[    if (chars) limits::search(length(), chars->size());
    if (parts.empty()) {]==])
    infinipot_edit_jinja(value.h 1 [==[ss << value_to_string_repr(val);]==]
        [==[ss << value_to_string_repr(val);
            limits::text(static_cast<size_t>(ss.tellp()));]==])
    infinipot_edit_jinja(value.h 1
        [==[ss << value_to_string_repr(key) << ": " << value_to_string_repr(val);]==]
        [==[ss << value_to_string_repr(key) << ": " << value_to_string_repr(val);
            limits::text(static_cast<size_t>(ss.tellp()));]==])
    infinipot_edit_jinja(value.cpp 1 [==[std::string value_to_string_repr(const value & val) {]==]
        [==[std::string value_to_string_repr(const value & val) {
    const limits::Level level;]==])
    infinipot_edit_jinja(value.cpp 1 [==[    auto indent_str = [indent, curr_lvl]]==]
        [==[    const limits::Level level;
    limits::text(static_cast<size_t>(oss.tellp()));
    auto indent_str = [indent, curr_lvl]]==])
endmacro()

# Functions that multiply the length of a text or count, and that crash.
macro(infinipot_limit_jinja_functions)
    infinipot_edit_jinja(value.cpp 1 [==[    int64_t direction = (step > 0)]==]
        [==[    limits::number(step);
    int64_t direction = (step > 0)]==])
    infinipot_edit_jinja(value.cpp 1 [==[            if (step == 0) {
                throw raised_exception("range()]==] [==[
            for (const int64_t n : {start, stop, step}) limits::number(n);
            if (step == 0) {
                throw raised_exception("range()]==])
    infinipot_edit_jinja(value.cpp 1
        [==[bool res = args.get_pos(0)->val_int % args.get_pos(1)->val_int == 0;]==]
        [==[const int64_t by = args.get_pos(1)->val_int;
            if (by == 0) throw raised_exception("division by zero");
            bool res = by == -1 || args.get_pos(0)->val_int % by == 0;]==])
    infinipot_edit_jinja(value.cpp 1 [==[mk_val<value_int>(val < 0 ? -val : val)]==]
        [==[mk_val<value_int>(val < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(val)) : val)]==])
    infinipot_edit_jinja(value.cpp 2 [==[            if (delim.empty()) {]==]
        [==[            limits::search(str.size(), delim.size());
            if (delim.empty()) {]==])
    infinipot_edit_jinja(value.cpp 2 [==[--maxsplit;]==] [==[if (maxsplit > 0) --maxsplit;]==])
    infinipot_edit_jinja(value.cpp 1 [==[            if (old_str != new_str) {]==]
        [==[            limits::search(str.size(), old_str.size());
            if (old_str != new_str) {]==])
    infinipot_edit_jinja(value.cpp 1 [==[                    new_res.reserve(]==]
        [==[                    limits::text(str.length() + new_str.length() * (str.length() + 1));
                    new_res.reserve(]==])
    infinipot_edit_jinja(value.cpp 1 [==[pos += new_str.length();]==]
        [==[pos += new_str.length();
                        limits::text(str.length());]==])
    infinipot_edit_jinja(value.cpp 1 [==[                indent.assign(val_width]==]
        [==[                limits::text(static_cast<size_t>(val_width->as_int()));
                indent.assign(val_width]==])
    infinipot_edit_jinja(value.cpp 1 [==[                indented += line;]==]
        [==[                indented += line;
                limits::text(indented.size());]==])
    infinipot_edit_jinja(value.cpp 1 [==[result += val_arr->as_string().str();]==]
        [==[result += val_arr->as_string().str();
                limits::text(result.size());]==])
    infinipot_edit_jinja(value.cpp 1 [==[        indent = static_cast<int>(]==]
        [==[        if (val_indent->as_int() > 100) throw raised_exception("tojson: indent is more than 100");
        indent = static_cast<int>(]==])
    infinipot_edit_jinja(value.cpp 1 [==[                return mk_val<value_bool>(
                    haystack->as_string()]==]
        [==[                limits::search(haystack->as_string().length(), needle->as_string().length());
                return mk_val<value_bool>(
                    haystack->as_string()]==])
    # A template can order values in a circle, which std::sort does not bear.
    infinipot_edit_jinja(value.cpp 2 [==[std::sort(]==] [==[std::stable_sort(]==])
endmacro()

# Writes the copy into `folder`/jinja and returns its .cpp files in `result`.
function(infinipot_limit_jinja result folder)
    file(GLOB files ${INFINIPOT_LLAMA_SOURCE}/common/jinja/*.h ${INFINIPOT_LLAMA_SOURCE}/common/jinja/*.cpp)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
    set(names)
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME)
        list(APPEND names ${name})
        file(READ ${file} jinja_${name})
        infinipot_edit_jinja(${name} 1 "namespace jinja {" "namespace infinipot::jinja {")
    endforeach()
    infinipot_edit_jinja(utils.h 1 "#pragma once" "#pragma once\n\n#include \"text/template_hooks.h\"")
    infinipot_limit_jinja_parser()
    infinipot_limit_jinja_execution()
    infinipot_limit_jinja_values()
    infinipot_limit_jinja_texts()
    infinipot_limit_jinja_functions()
    set(sources)
    foreach(name IN LISTS names)
        set(file ${folder}/jinja/${name})
        set(old)
        if(EXISTS ${file})
            file(READ ${file} old)
        endif()
        if(NOT old STREQUAL jinja_${name})
            file(WRITE ${file} "${jinja_${name}}")
        endif()
        if(name MATCHES "\\.cpp$")
            list(APPEND sources ${file})
        endif()
    endforeach()
    set(${result} ${sources} PARENT_SCOPE)
endfunction()
