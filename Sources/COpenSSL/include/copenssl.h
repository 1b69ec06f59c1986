#pragma once
// The part of OpenSSL 3 that serves the embedded mesh's TLS and signs statements for clouds, declared here: libcurl brings
// the library along, its headers are a package of their own. Declarations as in the manual pages of OpenSSL 3.0 (sections 3ssl
// and 3).
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef struct ssl_method_st SSL_METHOD;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;
typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct x509_st X509;
typedef struct X509_name_st X509_NAME;
typedef struct X509_extension_st X509_EXTENSION;
typedef struct asn1_string_st ASN1_STRING;

const SSL_METHOD *TLS_server_method(void);
SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);
void SSL_CTX_free(SSL_CTX *context);
int SSL_CTX_use_certificate(SSL_CTX *context, X509 *certificate);
int SSL_CTX_use_PrivateKey(SSL_CTX *context, EVP_PKEY *key);
long SSL_CTX_ctrl(SSL_CTX *context, int command, long number, void *pointer);

SSL *SSL_new(SSL_CTX *context);
void SSL_free(SSL *session);
void SSL_set_bio(SSL *session, BIO *reading, BIO *writing);
void SSL_set_accept_state(SSL *session);
int SSL_do_handshake(SSL *session);
int SSL_read_ex(SSL *session, void *bytes, size_t count, size_t *read);
int SSL_write_ex(SSL *session, const void *bytes, size_t count, size_t *written);
int SSL_shutdown(SSL *session);
int SSL_get_error(const SSL *session, int result);

const BIO_METHOD *BIO_s_mem(void);
BIO *BIO_new(const BIO_METHOD *method);
int BIO_free(BIO *bio);
int BIO_read_ex(BIO *bio, void *bytes, size_t count, size_t *read);
int BIO_write_ex(BIO *bio, const void *bytes, size_t count, size_t *written);
size_t BIO_ctrl_pending(BIO *bio);

void ERR_clear_error(void);
unsigned long ERR_get_error(void);
void ERR_error_string_n(unsigned long code, char *text, size_t size);

EVP_PKEY *EVP_PKEY_Q_keygen(void *library, const char *properties, const char *type, ...);
void EVP_PKEY_free(EVP_PKEY *key);
int EVP_PKEY_get_base_id(const EVP_PKEY *key);
const EVP_MD *EVP_sha256(void);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *context);
int EVP_DigestSignInit(EVP_MD_CTX *context, void **settings, const EVP_MD *digest, void *engine, EVP_PKEY *key);
int EVP_DigestSign(
    EVP_MD_CTX *context, unsigned char *signature, size_t *length, const unsigned char *bytes, size_t count);
int EVP_Q_digest(
    void *library, const char *name, const char *properties, const void *bytes, size_t count, unsigned char *digest,
    size_t *length);

X509 *X509_new(void);
void X509_free(X509 *certificate);
int X509_set_version(X509 *certificate, long version);
ASN1_STRING *X509_get_serialNumber(X509 *certificate);
int ASN1_INTEGER_set_uint64(ASN1_STRING *number, uint64_t value);
ASN1_STRING *X509_getm_notBefore(const X509 *certificate);
ASN1_STRING *X509_getm_notAfter(const X509 *certificate);
ASN1_STRING *ASN1_TIME_set(ASN1_STRING *time, time_t seconds);
int X509_set_pubkey(X509 *certificate, EVP_PKEY *key);
X509_NAME *X509_get_subject_name(const X509 *certificate);
int X509_NAME_add_entry_by_txt(
    X509_NAME *name, const char *field, int type, const unsigned char *bytes, int length, int place, int set);
int X509_set_issuer_name(X509 *certificate, const X509_NAME *name);
X509_EXTENSION *X509V3_EXT_conf_nid(void *configuration, void *context, int nid, const char *value);
void X509_EXTENSION_free(X509_EXTENSION *extension);
int X509_add_ext(X509 *certificate, X509_EXTENSION *extension, int place);
int X509_sign(X509 *certificate, EVP_PKEY *key, const EVP_MD *digest);
int PEM_write_bio_X509(BIO *bio, const X509 *certificate);
int PEM_write_bio_PrivateKey(
    BIO *bio, const EVP_PKEY *key, const void *cipher, const unsigned char *password, int length,
    int (*ask)(char *, int, int, void *), void *with);
BIO *BIO_new_mem_buf(const void *bytes, int count);
EVP_PKEY *PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **key, int (*ask)(char *, int, int, void *), void *with);

static inline int copenssl_no_password(char *text, int size, int writing, void *with) {
  (void)text, (void)size, (void)writing, (void)with;
  return -1;
}

/// A private key in PEM without a password; `NULL` where there is none. OpenSSL itself would ask the terminal for one.
static inline EVP_PKEY *copenssl_read_key(BIO *bio) { return PEM_read_bio_PrivateKey(bio, NULL, copenssl_no_password, NULL); }

/// A new key on the curve P-256; the variadic function is not importable.
static inline EVP_PKEY *copenssl_new_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

/// `SSL_CTX_set_min_proto_version`, a macro: TLS 1.2 (0x0303) is the least.
static inline int copenssl_require_tls12(SSL_CTX *context) { return (int)SSL_CTX_ctrl(context, 123, 0x0303, NULL); }

enum {
  copenssl_rsa = 6,              // EVP_PKEY_RSA
  copenssl_want_read = 2,        // SSL_ERROR_WANT_READ
  copenssl_utf8 = 0x1000,        // MBSTRING_UTF8
  copenssl_subject_alt_name = 85,   // NID_subject_alt_name
  copenssl_basic_constraints = 87,  // NID_basic_constraints
  copenssl_extended_key_usage = 126 // NID_ext_key_usage
};
