#pragma once
// libcurl for Swift. The variadic functions of libcurl are not importable, so each kind of argument has a typed
// inline here. A fixed-arity redeclaration of a variadic function would pass garbage on arm64: never do that.
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <stddef.h>
#include <sys/select.h>

static inline CURLcode clibcurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode clibcurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode clibcurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode clibcurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode clibcurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(easy, option, value);
}

/// Copies `length` bytes, so that the caller's buffer need not outlive the call.
static inline CURLcode clibcurl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t length) {
  struct curl_blob blob = {.data = (void *)bytes, .len = length, .flags = CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

/// `CURLOPT_WRITEFUNCTION` or `CURLOPT_HEADERFUNCTION`.
static inline CURLcode clibcurl_set_receiver(CURL *easy, CURLoption option, curl_write_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

/// `CURLOPT_READFUNCTION` with what it is called with.
static inline CURLcode clibcurl_set_sender(CURL *easy, curl_read_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
  return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_READDATA, context);
}

static inline CURLcode clibcurl_set_prerequest(CURL *easy, curl_prereq_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
  return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
}

static inline CURLcode clibcurl_set_resolver_start(CURL *easy, curl_resolver_start_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, callback);
  return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, context);
}

static inline CURLcode clibcurl_set_open_socket(CURL *easy, curl_opensocket_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
  return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}

static inline CURLcode clibcurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode clibcurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode clibcurl_get_certificates(CURL *easy, struct curl_certinfo **value) {
  return curl_easy_getinfo(easy, CURLINFO_CERTINFO, value);
}

static inline CURLMcode clibcurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

/// Whether any transfer still waits for something to read from a socket; 1 where that cannot be told.
static inline int clibcurl_multi_reads(CURLM *multi, int number) {
  fd_set reads, writes, errors;
  int highest = -1;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_ZERO(&errors);
  if (number < 0 || number >= FD_SETSIZE) return 1;
  if (curl_multi_fdset(multi, &reads, &writes, &errors, &highest) != CURLM_OK) return 1;
  return FD_ISSET(number, &reads) ? 1 : 0;
}

/// The result in a `CURLMSG_DONE` message.
static inline CURLcode clibcurl_message_result(const CURLMsg *message) { return message->data.result; }

/// Forbids core dumps and tracing of this process by others (`prctl(PR_SET_DUMPABLE, 0)`); 0 on success.
int clibcurl_forbid_dumps(void);

/// Keeps the heap to one arena and has large blocks mapped (glibc's `mallopt`); without effect elsewhere.
void clibcurl_bound_heap(void);
