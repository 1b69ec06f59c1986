import MeshModel

/// What a listener accepts, where a platform has TLS without client certificates too: App Mesh, Traffic Director.
enum ServerTLS: String, Sendable, Hashable, CaseIterable {
  case plaintext
  case oneWayPermissive = "TLS PERMISSIVE"
  case oneWayStrict = "TLS STRICT"
  case mutualPermissive = "mTLS PERMISSIVE"
  case mutualStrict = "mTLS STRICT"

  /// What it comes to for mutual TLS: one-way TLS proves no client, so it is none.
  var mode: MTLSMode {
    switch self {
    case .mutualStrict: .strict
    case .mutualPermissive: .permissive
    case .plaintext, .oneWayStrict, .oneWayPermissive: .disable
    }
  }

  /// What an operator should know of it besides its mode, as the end of a sentence.
  var remark: String {
    switch self {
    case .oneWayStrict: " (encrypted, but no client certificate is asked for)"
    case .oneWayPermissive: " (plaintext is taken too, and no client certificate is asked for)"
    default: ""
    }
  }

  /// What comes of it and a client's TLS; `nil` is a client in plaintext.
  func outcome(with client: ClientTLSMode?) -> MTLSVerdict.Outcome {
    switch (self, client) {
    case (.plaintext, nil): .plaintext
    case (.plaintext, _): .breaks
    case (.mutualStrict, .mutual), (.mutualPermissive, .mutual): .mtls
    case (.mutualStrict, _): .breaks
    case (.mutualPermissive, nil), (.oneWayPermissive, nil): .plaintext
    case (.mutualPermissive, _): .breaks
    case (.oneWayStrict, nil): .breaks
    case (.oneWayStrict, _), (.oneWayPermissive, _): .applicationTLS
    }
  }
}
