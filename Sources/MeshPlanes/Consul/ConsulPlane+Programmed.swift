public import MeshModel

extension ConsulPlane {
  /// The discovery chains of the services that routes are for: what the servers compiled and send to proxies.
  ///
  /// Consul does not tell which proxies took it.
  public func programmed(for routes: [Route], in snapshot: MeshSnapshot) async -> ProgrammedReport {
    var report = ProgrammedReport(at: now)
    report.gaps = ["Consul does not tell which proxies took what it sends them"]
    // What is in effect of an http-route stands in its own status.
    let split = routes.filter { $0.dialect == .consul && $0.ref.kind == ConsulKind.splitter.rawValue }
    let services = Set(split.map(\.ref)).map { ref in
      ObjectRef(plane: ref.plane, namespace: ref.namespace, kind: "discovery-chain", name: ref.name)
    }
    for ref in Set(services).sorted() {
      let space = namespace == nil && ref.namespace == ConsulName.defaultNamespace ? nil : ref.namespace
      do throws(MeshError) {
        let answer = try await client.get(
          "/v1/discovery-chain/\(ref.name)", namespace: space, what: "read the discovery chain of \(ref.name)")
        report.routes += ConsulChainReader(answer.json["Chain"] ?? .null, of: ref).routes()
      } catch {
        report.gaps.append(error.message)
      }
    }
    report.asked = report.routes.map(\.proxy)
    return report
  }
}
