import MeshModel

/// The catalog: what runs, as registered by agents on machines.
extension ConsulServer {
  /// The index of the last change to what runs.
  var catalogIndex: Int {
    [ResourceID("pods"), ResourceID("services")].flatMap { estate.store.list($0) }.map(\.resourceVersion).max() ?? 1
  }

  /// The names of services with their tags.
  var services: JSONValue {
    var result: JSONValue = ["consul": []]
    for service in config.services {
      result[service] = []
      result["\(service)-sidecar-proxy"] = []
    }
    return result
  }
}
