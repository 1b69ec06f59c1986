import MeshModel

/// The admin interface of one of Istio's proxies: at a configured address, or through the API server.
struct IstioProxyAdmin {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The answer to a GET; a proxy has three seconds.
  func get(_ proxy: ObjectRef, _ path: String, port: Int = 15_000) async throws(MeshError) -> [UInt8] {
    let (access, dialect) = (self.access, self.dialect)
    return try await TimeLimit.within(seconds: IstioProgrammed.patience, what: "proxy \(proxy.name)") {
      _ async throws(MeshError) in
      if let address = dialect.addresses.proxies[proxy.shortName], let direct = dialect.direct {
        var bytes: [UInt8] = []
        try await direct(address + path) { bytes += $0 }
        return bytes
      }
      return try await Self.asked(proxy, port: port) { () async throws(MeshError) in
        try await access.get(pod: proxy.name, namespace: proxy.namespace, port: port, path: path)
      }
    }
  }

  /// What a reader makes of the answer to a GET while it comes, and its length. A proxy has six seconds to begin or to
  /// go on, and twenty to end.
  func read<Reader: PieceReader>(
    _ proxy: ObjectRef, _ path: String, port: Int = 15_000, _ reader: Reader
  ) async throws(MeshError) -> (value: Reader.Value, bytes: Int) {
    let (access, dialect) = (self.access, self.dialect)
    return try await TimeLimit.within(
      seconds: IstioProgrammed.routesPatience, total: 20, what: "proxy \(proxy.name)"
    ) {
      heard async throws(MeshError) in
      var (reader, bytes) = (reader, 0)
      func take(_ piece: [UInt8]) {
        heard()
        bytes += piece.count
        reader.feed(piece)
      }
      if let address = dialect.addresses.proxies[proxy.shortName], let direct = dialect.direct {
        try await direct(address + path) { take($0) }
      } else {
        try await Self.asked(proxy, port: port) { () async throws(MeshError) in
          try await access.read(pod: proxy.name, namespace: proxy.namespace, port: port, path: path) { take($0) }
        }
      }
      do throws(JSONError) { return (try reader.finish(), bytes) } catch {
        throw MeshError(.malformed, "its configuration makes no sense: \(error)", object: proxy, underlying: error)
      }
    }
  }

  /// Asks the proxy of a pod, with what its failures mean.
  private static func asked<Value>(
    _ proxy: ObjectRef, port: Int, _ question: () async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value {
    guard proxy.kind == "pod" else { throw unreachable(proxy) }
    do throws(MeshError) {
      return try await question()
    } catch  where error.code == .notFound {
      // istiod names a VM by its own host name, which no WorkloadEntry need have.
      throw unreachable(proxy)
    } catch  where isClosed(error) {
      throw closed(proxy, port: port, error)
    }
  }

  /// Whether nothing listens where the API server dials. Source: apimachinery `util/proxy/transport.go` for its own words;
  /// a sidecar that takes the call for an application's answers it with Envoy's, or cuts it.
  private static func isClosed(_ error: MeshError) -> Bool {
    error.code == .unreachable
      && ["connection refused", "connection reset", "upstream connect error", ": EOF"].contains {
        error.message.contains($0)
      }
  }

  /// Why the administration of an ordinary sidecar does not answer.
  private static func closed(_ proxy: ObjectRef, port: Int, _ error: MeshError) -> MeshError {
    MeshError(
      .unreachable, "its administration listens on 127.0.0.1 of its pod, where the API server does not lead",
      object: proxy,
      remedy:
        "kubectl -n \(proxy.namespace) port-forward \(proxy.name) \(port), and name that address in the configuration: envoy: [{url: http://127.0.0.1:\(port), workload: \(proxy.namespace)/\(proxy.name)}]",
      underlying: error)
  }

  /// Why a proxy that is no pod is not asked: the API server leads to pods alone.
  private static func unreachable(_ proxy: ObjectRef) -> MeshError {
    MeshError(
      .unreachable, "it is no pod (a VM?), so the API server does not lead to its proxy", object: proxy,
      remedy: "name its address in the configuration: envoy: [{url, workload: \(proxy.namespace)/\(proxy.name)}]")
  }
}
