import MeshModel

/// The admin interface of one of Istio's proxies: at a configured address, or through the API server.
struct IstioProxyAdmin {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The answer to a GET; a proxy has three seconds.
  func get(_ proxy: ObjectRef, _ path: String, port: Int = 15_000) async throws(MeshError) -> [UInt8] {
    let (access, dialect) = (self.access, self.dialect)
    return try await TimeLimit.within(seconds: IstioProgrammed.patience, what: "proxy \(proxy.name)") {
      () async throws(MeshError) in
      if let address = dialect.addresses.proxies["\(proxy.namespace)/\(proxy.name)"], let direct = dialect.direct {
        return try await direct(address + path)
      }
      guard proxy.kind == "pod" else { throw Self.unreachable(proxy) }
      do throws(MeshError) {
        return try await access.get(pod: proxy.name, namespace: proxy.namespace, port: port, path: path)
      } catch  where error.code == .notFound {
        // istiod names a VM by its own host name, which no WorkloadEntry need have.
        throw Self.unreachable(proxy)
      } catch  where Self.isClosed(error) {
        throw Self.closed(proxy, port: port, error)
      }
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
