/// Where a Consul is reached and how, as configured; what is not said comes from the environment as for Consul's own
/// command line (`CONSUL_HTTP_ADDR` and the others).
public struct ConsulSettings: Sendable, Hashable {
  /// The fields of a plane in `config.yaml`, in the order in which they are written.
  public static let fields = [
    "url", "tokenEnv", "tokenFile", "caFile", "clientCertificate", "clientKey", "serverName", "namespace", "partition",
    "datacenter",
  ]

  private var values: [String: String] = [:]

  /// Settings that say nothing.
  public init() {}

  /// The text of one of ``fields``: the address of the HTTP API, the variable or the file that holds the token, the files
  /// of TLS, and what is asked of the server.
  public subscript(field: String) -> String? {
    get { values[field] }
    set { values[field] = newValue }
  }
}
