#include "clibcurl.h"

#ifdef __linux__
#include <sys/prctl.h>
int clibcurl_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
#else
int clibcurl_forbid_dumps(void) { return 0; }
#endif

#ifdef __GLIBC__
#include <malloc.h>
void clibcurl_bound_heap(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 18);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}
#else
void clibcurl_bound_heap(void) {}
#endif
