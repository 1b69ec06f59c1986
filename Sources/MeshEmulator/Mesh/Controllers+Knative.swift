import MeshModel

/// What Knative's controllers report.
extension Controllers {
  /// The status of a Service: the traffic in effect, with the revisions that are meant.
  func knativeStatus(_ json: JSONValue, name: String) -> JSONValue {
    let latest = json["status"]?["latestReadyRevisionName"] ?? .string("\(name)-00001")
    let traffic = json["spec"]?["traffic"]?.array ?? [["latestRevision": true, "percent": 100]]
    var status = json["status"] ?? [:]
    status["observedGeneration"] = json["metadata"]?["generation"] ?? 1
    status["latestReadyRevisionName"] = latest
    status["latestCreatedRevisionName"] = status["latestCreatedRevisionName"] ?? latest
    status["url"] = url(json, name)
    status["traffic"] = .array(
      traffic.map { target in
        var target = target
        target["revisionName"] = target["revisionName"] ?? latest
        target["latestRevision"] = target["latestRevision"] ?? false
        return target
      })
    status["conditions"] = .array(
      ["ConfigurationsReady", "Ready", "RoutesReady"].map { condition($0, nil, json) })
    return status
  }

  /// The status of a Route that somebody made by hand: what its Configurations have ready stands in for their names.
  ///
  /// Source: Knative Serving, `RouteStatus.MarkMissingTrafficTarget`: with a target that is not there nothing changes.
  func knativeRouteStatus(_ json: JSONValue, _ object: StoredObject) -> JSONValue {
    func stored(_ plural: String, _ name: String) -> StoredObject? {
      store.get(ResourceID(plural, group: "serving.knative.dev"), namespace: object.namespace, name: name)
    }
    var missing: (kind: String, name: String)?
    let traffic = (json["spec"]?["traffic"]?.array ?? []).map { target -> JSONValue in
      var target = target
      if let name = target["configurationName"]?.string {
        let ready = stored("configurations", name)?.json["status"]?["latestReadyRevisionName"]
        if ready == nil { missing = missing ?? ("Configuration", name) }
        target["revisionName"] = ready
        target["configurationName"] = nil
        target["latestRevision"] = true
      } else if let name = target["revisionName"]?.string {
        if stored("revisions", name) == nil { missing = missing ?? ("Revision", name) }
        target["latestRevision"] = false
      }
      return target
    }
    var status = json["status"] ?? [:]
    status["observedGeneration"] = json["metadata"]?["generation"] ?? 1
    status["url"] = url(json, object.name)
    if missing == nil { status["traffic"] = .array(traffic) }
    status["conditions"] = [
      condition("AllTrafficAssigned", missing, json), condition("IngressReady", nil, json),
      condition("Ready", missing, json),
    ]
    return status
  }

  private func url(_ json: JSONValue, _ name: String) -> JSONValue {
    .string("http://\(name).\(json["metadata"]?["namespace"]?.string ?? "default").example.com")
  }

  /// A condition that holds unless something that traffic names is missing.
  private func condition(_ type: String, _ missing: (kind: String, name: String)?, _ json: JSONValue) -> JSONValue {
    var condition: JSONValue = [
      "type": .string(type), "status": missing == nil ? "True" : "False",
      "lastTransitionTime": json["metadata"]?["creationTimestamp"] ?? "1970-01-01T00:00:00Z",
    ]
    if let missing {
      condition["reason"] = .string("\(missing.kind)Missing")
      condition["message"] = .string("\(missing.kind) \"\(missing.name)\" referenced in traffic not found.")
    }
    return condition
  }
}
