#pragma once

/* Threads of a graph wait for each other after every node, and ggml's wait is a loop of pauses. On a
   machine that does other work too, the thread that is waited for may not be running, for milliseconds
   at a time, because the waiting ones keep all cores busy: decoding falls to a tenth. Here a wait that
   has lasted long becomes a series of naps, in which the core is free for the one that is late. Most
   waits are shorter and are what they were. Only x86 says pause in a way that can be replaced. */
#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>
#include <time.h>

static inline void infinipot_wait(void) {
    enum { another_wait = 5000, patience = 60000 }; /* clock cycles: 2 and 25 microseconds, about */
    static _Thread_local unsigned long long begin, last;
    const unsigned long long now = __rdtsc();
    if (now - last > another_wait) begin = now;
    last = now;
    if (now - begin < patience) {
        __builtin_ia32_pause();
        return;
    }
    const struct timespec nap = {0, 1000};
    nanosleep(&nap, 0);
    last = __rdtsc();
}

#undef _mm_pause
#define _mm_pause infinipot_wait

#endif
