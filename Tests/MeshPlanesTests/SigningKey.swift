/// A key of nobody, made for these tests by `openssl genpkey`, with a certificate signed by itself.
enum SigningKey {
  static let pem = """
    -----BEGIN PRIVATE KEY-----
    MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBAL+hbpTVcGCkyZp9
    NsBrzefjsDi1hOGMB9AtWGlbGQQsjIUnAOYdaYOlcJlmK2V4W7iQBt7NE+kOr300
    iMgeyzfhpNtxjJn0/8cxjShb+CK2hsH6/ZQuG1rirCwvylswpsGNCXqfLePgp+XP
    lfw4/L4ecByEpV7Cn2nUAtitS2mPAgMBAAECgYEAsnF9yqQyYBwzC2Qb7vS0KYIx
    X61QDsNZpzYChSDqW6OsOnWGdcHftlIBVyb3tCZuqp+bdi9bogMl0R5xXICoVEMM
    ZGY/yRqD3/rPuxqQ8vZlv1KMVfzp8XMJTFFPCY21dS//Dj3fb74oN8rTZgJ2Tgon
    1G2z11obOKRX8f3bCRkCQQD3T8sUS72lQ8OdRe82YQjXts1bRizPr4IAFyLtlYOq
    BBF/kngaAH+lKE3I7JzaRvcYYsJKO6i4l7SAfS9FwnYFAkEAxlzeYkt43M/f5RKQ
    wV3GqNnOaE2+1+JFWg6iqp13cqN21S5t5pIiAFwAKdFmj3/MzV8ncE/GJc5cgp2K
    rHcBgwJBANbCrPiX+Tzdhq45f8x6ISKp9NSRMPK9Vyfa75LfZnGqjMN6nt79ldsH
    D90uU9tdCtBbWpr6Cb8axj1Z+EYc4z0CQDDjQovHPgpt0SiL4tFFY2jKBWz/fEGI
    qr7/TGfwVzgRwX/Y6Y0iBu8/vWqRCU3kmX0kLnwnrRY0PeiTG1JWIjECQQDJLeKt
    qjolAJgOvlFblMi3NtncjU8rHmSCvfmIbIYejSMlwPw9+bIqRCRwMtOTUCR27yNv
    1hZxI28W/hd8Ie6f
    -----END PRIVATE KEY-----
    """

  static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIICADCCAWmgAwIBAgIURCuFA3s+fAvjqlogVbzlv62EBvYwDQYJKoZIhvcNAQEL
    BQAwETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNjIxMjQ0NloYDzIxMjYxMTAy
    MjEyNDQ2WjARMQ8wDQYDVQQDDAZub2JvZHkwgZ8wDQYJKoZIhvcNAQEBBQADgY0A
    MIGJAoGBAL+hbpTVcGCkyZp9NsBrzefjsDi1hOGMB9AtWGlbGQQsjIUnAOYdaYOl
    cJlmK2V4W7iQBt7NE+kOr300iMgeyzfhpNtxjJn0/8cxjShb+CK2hsH6/ZQuG1ri
    rCwvylswpsGNCXqfLePgp+XPlfw4/L4ecByEpV7Cn2nUAtitS2mPAgMBAAGjUzBR
    MB0GA1UdDgQWBBSJ3oQIywiQs5iNfe3Pq/gzMQiC4DAfBgNVHSMEGDAWgBSJ3oQI
    ywiQs5iNfe3Pq/gzMQiC4DAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUA
    A4GBABsveO9rG42amNpKFPcjlS+ibjZQQzltf8rFu55u5xOpOAfw4+kLQbSomEvm
    xbxez6OkpV2JalpsstRAunB6bN/KCfCnnKd0scxM1LmLoQcGw/42jXOoEMGXpBqS
    NqkcK14NDJs9tWHDzW7dJ2SgJBG2qPbTJn0kWLmK4rU45VAd
    -----END CERTIFICATE-----
    """

  /// The certificate's SHA-1 digest in Base64 for URLs, as `openssl x509 -fingerprint` has it.
  static let thumbprint = "hsnWkHbHdPcSSNXWmz6VcXy4tZE"
}
