import MeshModel

/// What the API tells of the catalog and of health.
extension ConsulServer {
  /// The index of the last change to what runs.
  var catalogIndex: Int {
    [ResourceID("pods"), ResourceID("services")].flatMap { estate.store.list($0) }.map(\.resourceVersion).max() ?? 1
  }

  func catalog(_ path: ArraySlice<String>, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    let (what, name) = (path.first ?? "", path.dropFirst().first)
    return try await blocking(request, index: { catalogIndex }) { () throws(ConsulFailure) in
      let (catalog, index) = (ConsulCatalog(estate, peer: request["peer"] ?? ""), catalogIndex)
      switch (what, name) {
      case ("services", nil): return catalog.names
      case ("nodes", nil): return .array(catalog.services.map { ConsulCatalog.node($0, index: index) })
      case ("service", let name?):
        return .array(
          catalog.instances(of: name, filter: ConsulFilter(request["filter"] ?? "")).map { Self.flat($0, index) })
      case ("connect", let name?): return .array(catalog.sidecars(of: name).map { Self.flat($0, index) })
      default: throw .notAnEndpoint
      }
    }
  }

  /// The members of a node and its service side by side, as `/v1/catalog/service` has them.
  private static func flat(_ found: (instance: ConsulCatalog.Instance, isSidecar: Bool), _ index: Int) -> JSONValue {
    var json = ConsulCatalog.node(found.instance, index: index)
    let service = ConsulCatalog.service(found.instance, isSidecar: found.isSidecar, index: index)
    for member in service.object?.members ?? [] where !["CreateIndex", "ModifyIndex"].contains(member.name) {
      json[["ID": "ServiceID", "Service": "ServiceName"][member.name] ?? "Service\(member.name)"] = member.value
    }
    return json
  }

  func health(_ path: ArraySlice<String>, _ request: PlainRequest) async throws(ConsulFailure) -> PlainAnswer {
    let (what, name) = (path.first ?? "", path.dropFirst().first ?? "")
    return try await blocking(request, index: { catalogIndex }) { () throws(ConsulFailure) in
      let (catalog, index) = (ConsulCatalog(estate, peer: request["peer"] ?? ""), catalogIndex)
      let found: [(instance: ConsulCatalog.Instance, isSidecar: Bool)]
      switch what {
      case "service": found = catalog.instances(of: name, filter: ConsulFilter(request["filter"] ?? ""))
      case "connect": found = catalog.sidecars(of: name)
      case "state", "checks":
        let all = catalog.services.flatMap { instance in
          ConsulCatalog.checks(instance, isSidecar: false, index: index)
            + (instance.hasSidecar ? ConsulCatalog.checks(instance, isSidecar: true, index: index).suffix(1) : [])
        }
        return .array(
          all.filter { check in
            what == "state"
              ? name == "any" || check["Status"]?.string == name : check["ServiceName"]?.string == name
          })
      default: throw .notAnEndpoint
      }
      return .array(
        found.compactMap { instance, isSidecar -> JSONValue? in
          let checks = ConsulCatalog.checks(instance, isSidecar: isSidecar, index: index)
          if request["passing"] != nil, checks.contains(where: { $0["Status"] != "passing" }) { return nil }
          return [
            "Node": ConsulCatalog.node(instance, index: index),
            "Service": ConsulCatalog.service(instance, isSidecar: isSidecar, index: index), "Checks": .array(checks),
          ]
        })
    }
  }
}
