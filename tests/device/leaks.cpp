// ggml's remote device, which stands for a device without host memory, frees no buffer type.

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:ggml_backend_rpc\n"; }
