import MeshModel

/// The parts of a Kubernetes object that only the server sets.
enum ServerOwned {
  /// The members of `metadata` the server sets; a client's values for them are ignored or refused.
  static let metadata: [String] = [
    "resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink", "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ]

  /// The object without them: what a create may send.
  static func removing(from object: JSONValue) -> JSONValue {
    var result = object
    if var meta = result["metadata"]?.object {
      for name in metadata { meta[name] = nil }
      result["metadata"] = .object(meta)
    }
    if var top = result.object {
      top["status"] = nil
      result = .object(top)
    }
    return result
  }

  /// The wanted object with the server's own parts as they are in `current`, so that a comparison leaves them alone.
  static func restoring(_ wanted: JSONValue, from current: JSONValue) -> JSONValue {
    guard var top = wanted.object else { return wanted }
    top["status"] = current["status"]
    top["apiVersion"] = current["apiVersion"] ?? top["apiVersion"]
    top["kind"] = current["kind"] ?? top["kind"]
    let old = current["metadata"]?.object ?? JSONObject()
    var meta = top["metadata"]?.object ?? JSONObject()
    for name in metadata { meta[name] = old[name] }
    for name in ["name", "namespace"] { meta[name] = old[name] ?? meta[name] }
    top["metadata"] = .object(meta)
    return .object(top)
  }
}
