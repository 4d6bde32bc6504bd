/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What MPFR and FLINT keep for every thread (constants such as pi, free lists) goes when the thread ends. */
#include <pthread.h>

#include "numbers/flint.h"

static pthread_once_t once =
    PTHREAD_ONCE_INIT; /* and not call_once, which ThreadSanitizer does not know */
static pthread_key_t key;
static bool has_key;

static void free_caches(void *unused) {
  (void)unused;
  flint_cleanup();
  mpfr_free_cache();
}

static void make_key(void) { has_key = pthread_key_create(&key, free_caches) == 0; }

void tri__thread_caches(void) {
  pthread_once(&once, make_key);
  if (has_key && !pthread_getspecific(key)) pthread_setspecific(key, &once);
}

void tri_thread_cleanup(void) { free_caches(NULL); }
