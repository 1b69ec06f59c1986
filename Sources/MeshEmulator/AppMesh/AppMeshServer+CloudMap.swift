import MeshModel

/// AWS Cloud Map as far as App Mesh's nodes are found by it: the instances that run in the estate.
///
/// Source: AWS Cloud Map API reference 2017-03-14, `DiscoverInstances`; a service of ECS registers each task with the
/// attributes `AWS_INSTANCE_IPV4`, `AWS_INSTANCE_PORT`, `ECS_CLUSTER_NAME` and those that its owner adds.
extension AppMeshServer {
  func discover(_ body: JSONValue) throws(AppMeshFailure) -> JSONValue {
    guard let namespace = body["NamespaceName"]?.string, let service = body["ServiceName"]?.string else {
      throw AppMeshFailure(400, "InvalidInput", "NamespaceName and ServiceName must not be null")
    }
    let mesh = namespace.split(separator: ".").first.map(String.init) ?? namespace
    let instances = estate.state.registry.sortedInstances.filter { instance in
      instance.namespace == mesh && instance.labels["app"] == service
    }
    guard !instances.isEmpty else {
      throw AppMeshFailure(400, "ServiceNotFound", "no service \(service) in namespace \(namespace)")
    }
    let port = estate.scenario.apps.first { $0.namespace == mesh && $0.name == service }?.ports.first?.target
    let wanted = (body["QueryParameters"]?.object?.members ?? []).map { ($0.name, $0.value.string ?? "") }
    let answers = instances.compactMap { instance -> JSONValue? in
      let attributes: [(String, String)] = [
        ("AWS_INSTANCE_IPV4", instance.address), ("AWS_INSTANCE_PORT", port.map(String.init) ?? ""),
        ("ECS_CLUSTER_NAME", mesh),
        ("ECS_SERVICE_NAME", instance.workload), ("version", instance.labels["version"] ?? ""),
      ]
      guard wanted.allSatisfy({ pair in attributes.contains { $0 == pair } }) else { return nil }
      return [
        "InstanceId": .string(instance.name), "NamespaceName": .string(namespace), "ServiceName": .string(service),
        "HealthStatus": instance.isReady ? "HEALTHY" : "UNHEALTHY",
        "Attributes": .object(JSONObject(attributes.map { .init(name: $0.0, value: .string($0.1)) })),
      ]
    }
    let limit = body["MaxResults"]?.int ?? 100
    guard (1...1000).contains(limit) else { throw AppMeshFailure(400, "InvalidInput", "MaxResults is not in 1...1000") }
    return ["Instances": .array(Array(answers.prefix(limit))), "InstancesRevision": 1]
  }
}
