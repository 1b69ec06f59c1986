import MeshModel

/// What is served, in both forms: group by group, and all at once.
extension KubernetesAPIServer {
  func discovery(_ request: APIRequest) throws(APIStatus) -> APIAnswer {
    let isCore = request.segments.first == "api"
    switch (isCore, request.segments.count) {
    case (_, 1):
      if let version = Self.aggregatedVersion(request.accept) { return aggregated(isCore: isCore, version) }
      guard !isCore else {
        return APIAnswer([
          "kind": "APIVersions", "versions": ["v1"],
          "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
        ])
      }
      return APIAnswer(["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map { Self.group($0) })])
    case (true, _): return try resources(group: "", version: request.segments[1])
    case (false, 2):
      guard let group = groups.first(where: { $0.name == request.segments[1] }) else { break }
      var value: JSONValue = ["kind": "APIGroup", "apiVersion": "v1"]
      for member in Self.group(group).object?.members ?? [] { value[member.name] = member.value }
      return APIAnswer(value)
    default: return try resources(group: request.segments[1], version: request.segments[2])
    }
    return APIAnswer(text: "404 page not found\n", status: 404)
  }

  private var groups: [(name: String, versions: [String])] {
    store.types.groups + [("authentication.k8s.io", ["v1"]), ("authorization.k8s.io", ["v1"])]
  }

  private static func group(_ group: (name: String, versions: [String])) -> JSONValue {
    let versions = group.versions.map { version -> JSONValue in
      ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
    }
    return [
      "name": .string(group.name), "versions": .array(versions), "preferredVersion": versions.first ?? [:],
    ]
  }

  private func resources(group: String, version: String) throws(APIStatus) -> APIAnswer {
    guard
      group.isEmpty ? version == "v1" : groups.contains(where: { $0.name == group && $0.versions.contains(version) })
    else { return APIAnswer(text: "404 page not found\n", status: 404) }
    var resources: [JSONValue] = []
    for type in store.types.all where type.id.group == group && type.versions.contains(version) {
      var entry: JSONValue = [
        "name": .string(type.id.plural), "singularName": .string(type.singular), "namespaced": .bool(type.isNamespaced),
        "kind": .string(type.kind), "verbs": .array(type.verbs.map { .string($0) }),
      ]
      if !type.shortNames.isEmpty { entry["shortNames"] = .array(type.shortNames.map { .string($0) }) }
      if !type.categories.isEmpty { entry["categories"] = .array(type.categories.map { .string($0) }) }
      resources.append(entry)
      for subresource in type.subresources {
        resources.append([
          "name": .string("\(type.id.plural)/\(subresource)"), "singularName": "",
          "namespaced": .bool(type.isNamespaced), "kind": .string(type.kind), "verbs": Self.verbs(of: subresource),
        ])
      }
    }
    for review in Self.reviews where review.group == group {
      resources.append([
        "name": .string(review.plural), "singularName": .string(review.kind.lowercased()), "namespaced": false,
        "kind": .string(review.kind), "verbs": ["create"],
      ])
    }
    return APIAnswer([
      "kind": "APIResourceList", "apiVersion": "v1",
      "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(resources),
    ])
  }

  private static func verbs(of subresource: String) -> JSONValue {
    subresource == "proxy" ? ["create", "delete", "get", "patch", "update"] : ["get", "patch", "update"]
  }

  /// The version of aggregated discovery a client accepts first, or `nil` where it wants the other form.
  private static func aggregatedVersion(_ accept: String) -> String? {
    for clause in accept.split(separator: ",") {
      guard clause.contains("as=APIGroupDiscoveryList"), clause.contains("g=apidiscovery.k8s.io") else {
        if clause.trimmingPrefix(" ").hasPrefix("application/json") { return nil }
        continue
      }
      if clause.contains("v=v2beta1") { return "v2beta1" }
      if clause.contains("v=v2") { return "v2" }
    }
    return nil
  }

  private func aggregated(isCore: Bool, _ form: String) -> APIAnswer {
    let served: [(name: String, versions: [String])] = isCore ? [("", ["v1"])] : groups
    let items = served.map { group -> JSONValue in
      [
        "metadata": group.name.isEmpty ? [:] : ["name": .string(group.name)],
        "versions": .array(group.versions.map { aggregatedVersion(group.name, $0) }),
      ]
    }
    var answer = APIAnswer([
      "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(form)"), "metadata": [:],
      "items": .array(items),
    ])
    answer.contentType = "application/json;g=apidiscovery.k8s.io;v=\(form);as=APIGroupDiscoveryList"
    answer.headers.append(("Cache-Control", "public"))
    return answer
  }

  private func aggregatedVersion(_ group: String, _ version: String) -> JSONValue {
    let types = store.types.all.filter { $0.id.group == group && $0.versions.contains(version) }
      .sorted { $0.id.plural < $1.id.plural }
    var resources = types.map { type -> JSONValue in
      let kind: JSONValue = [
        "group": .string(type.isCustom ? group : ""), "version": .string(type.isCustom ? version : ""),
        "kind": .string(type.kind),
      ]
      var entry: JSONValue = [
        "resource": .string(type.id.plural), "responseKind": kind,
        "scope": .string(type.isNamespaced ? "Namespaced" : "Cluster"), "singularResource": .string(type.singular),
        "verbs": .array(type.verbs.map { .string($0) }),
      ]
      if !type.shortNames.isEmpty { entry["shortNames"] = .array(type.shortNames.map { .string($0) }) }
      if !type.categories.isEmpty { entry["categories"] = .array(type.categories.map { .string($0) }) }
      if !type.subresources.isEmpty {
        entry["subresources"] = .array(
          type.subresources.map {
            ["subresource": .string($0), "responseKind": kind, "verbs": Self.verbs(of: $0)]
          })
      }
      return entry
    }
    for review in Self.reviews where review.group == group {
      resources.append([
        "resource": .string(review.plural),
        "responseKind": ["group": "", "version": "", "kind": .string(review.kind)], "scope": "Cluster",
        "singularResource": .string(review.kind.lowercased()), "verbs": ["create"],
      ])
    }
    return ["version": .string(version), "resources": .array(resources), "freshness": "Current"]
  }
}
