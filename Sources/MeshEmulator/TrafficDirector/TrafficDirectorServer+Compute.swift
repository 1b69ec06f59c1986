import MeshModel

/// The part of Compute Engine that a mesh needs: global backend services with their health, and the groups they send to.
extension TrafficDirectorServer {
  func compute(_ request: PlainRequest, _ path: [String]) throws(GoogleRefusal) -> PlainAnswer {
    switch (request.method, path.count) {
    case ("GET", 2) where path == ["global", "backendServices"]:
      let entries = estate.documents(TrafficDirectorResources.backendServices).map(\.json)
      return .json(try page(entries, "items", request, "maxResults"))
    case ("POST", 2) where path == ["global", "backendServices"]:
      let body = try Self.body(request)
      guard let id = body["name"]?.string else {
        throw GoogleRefusal(400, "required", "Required field 'resource.name' not specified")
      }
      return .json(
        try written("insert") { () throws(GoogleRefusal) in try resources.putService(id, body, isNew: true) })
    case (_, 3) where path.starts(with: ["global", "backendServices"]):
      return try service(request, path[2])
    case ("POST", 4) where path.starts(with: ["global", "backendServices"]) && path[3] == "getHealth":
      guard estate.document(TrafficDirectorResources.backendServices, path[2]) != nil else { throw .absent(path[2]) }
      return .json(health(of: try Self.body(request)["group"]?.string ?? ""))
    case ("GET", 3) where path.starts(with: ["global", "operations"]): return .json(try operations.get(path[2]))
    case ("POST", 4) where path.starts(with: ["global", "operations"]) && path[3] == "wait":
      return .json(try operations.get(path[2]))
    case ("GET", 2) where path == ["aggregated", "networkEndpointGroups"]: return .json(groups)
    case ("POST", 5)
    where path[0] == "zones" && path[2] == "networkEndpointGroups" && path[4] == "listNetworkEndpoints":
      return .json([
        "items": .array(
          instances(of: path[3]).map { instance in
            [
              "networkEndpoint": [
                "ipAddress": .string(instance.address), "port": .int(port(of: instance)),
                "instance": .string(instance.name),
              ]
            ]
          })
      ])
    default: throw .notServed
    }
  }

  private func service(_ request: PlainRequest, _ id: String) throws(GoogleRefusal) -> PlainAnswer {
    switch request.method {
    case "GET":
      guard let document = estate.document(TrafficDirectorResources.backendServices, id) else { throw .absent(id) }
      return .json(document.json)
    case "PATCH":
      let body = try Self.body(request)
      return .json(
        try written("patch") { () throws(GoogleRefusal) in try resources.putService(id, body, isNew: false) })
    case "DELETE":
      guard estate.document(TrafficDirectorResources.backendServices, id) != nil else { throw .absent(id) }
      let users = TrafficDirectorCollection.allCases.filter(\.isRoute).flatMap { resources.stored($0) }
        .filter { JSONWriter.text($0.json).contains("/backendServices/\(id)\"") }
      guard users.isEmpty else {
        throw GoogleRefusal(
          400, "resourceInUseByAnotherResource", "The backend service '\(id)' is used by \(users[0].id)")
      }
      return .json(
        try written("delete") { () throws(GoogleRefusal) in
          estate.edit(TrafficDirectorResources.backendServices, id) { _ in .delete }
          return .null
        })
    default: throw .notServed
    }
  }

  private func written(_ verb: String, _ body: () throws(GoogleRefusal) -> JSONValue) throws(GoogleRefusal) -> JSONValue
  {
    _ = try body()
    do throws(StoreError) { try resources.derive() } catch { throw GoogleRefusal(500, "backendError", "\(error)") }
    return operations.begin(verb, nil, .null, error: nil, isCompute: true)
  }

  private func health(of link: String) -> JSONValue {
    let group = link.split(separator: "/").last.map(String.init) ?? ""
    let zone = "https://www.googleapis.com/compute/v1/projects/\(project)/zones/europe-west1-b/instances/"
    let statuses = instances(of: group).map { instance -> JSONValue in
      [
        "ipAddress": .string(instance.address), "port": .int(port(of: instance)),
        "instance": .string(zone + instance.name),
        "healthState": instance.isReady ? "HEALTHY" : "UNHEALTHY",
      ]
    }
    var health: JSONValue = ["kind": "compute#backendServiceGroupHealth"]
    if !statuses.isEmpty { health["healthStatus"] = .array(statuses) }
    return health
  }

  /// The instances of a group: of the workload of its name.
  private func instances(of group: String) -> [Instance] {
    estate.state.registry.sortedInstances.filter { TrafficDirectorTranslation.isMember($0, of: group) }
  }

  private func port(of instance: Instance) -> Int {
    estate.state.registry.services.values.first { $0.namespace == instance.namespace && instance.matches($0.selector) }?
      .ports.first?.target ?? 0
  }

  /// The network endpoint groups that backend services send to, by zone.
  private var groups: JSONValue {
    var zones: [String: [JSONValue]] = [:]
    var seen: Set<String> = []
    for document in estate.documents(TrafficDirectorResources.backendServices) {
      for backend in document.json["backends"]?.array ?? [] {
        guard let link = backend["group"]?.string, link.contains("/networkEndpointGroups/"), seen.insert(link).inserted
        else { continue }
        let parts = link.split(separator: "/").map(String.init)
        let zone = parts.firstIndex(of: "zones").map { "zones/" + parts[$0 + 1] } ?? "global"
        zones[zone, default: []].append([
          "kind": "compute#networkEndpointGroup", "name": .string(parts[parts.count - 1]), "selfLink": .string(link),
          "networkEndpointType": "GCE_VM_IP_PORT", "annotations": ["cluster-uid": "1"],
        ])
      }
    }
    return [
      "kind": "compute#networkEndpointGroupAggregatedList",
      "items": .object(
        JSONObject(
          zones.sorted { $0.key < $1.key }.map { zone, groups in
            .init(name: zone, value: ["networkEndpointGroups": .array(groups)])
          })),
    ]
  }
}
