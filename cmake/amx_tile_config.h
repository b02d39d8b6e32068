#pragma once

/* GCC before 14 tells its optimizer that _tile_loadconfig() reads 8 bytes. It reads 64, so the stores
   that fill the other 56 are deleted as dead, and the first tile instruction kills the process. Here
   the operand has its true size. */
#include <immintrin.h>

#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg %0" ::"m"(*(const char (*)[64])(config)))
