import MeshModel

extension IstiodDebug {
  /// `/debug/endpointShardz`, which `/debug/endpointz` stands for since 1.20: endpoints by host, namespace and shard.
  ///
  /// Source: Istio, `model.EndpointShards` and `model.IstioEndpoint` of 1.29.
  var endpointShards: JSONValue {
    var hosts = JSONObject()
    for service in state.registry.services.values.sorted(by: { $0.host < $1.host }) {
      let provider = service.isServiceEntry ? "External" : "Kubernetes"
      let instances = state.registry.endpoints(of: service)
      guard !service.selector.isEmpty || service.isServiceEntry && !instances.isEmpty else { continue }
      let endpoints = service.ports.flatMap { port in instances.map { endpoint($0, port) } }
      let shard: JSONValue = .object(
        JSONObject([.init(name: "\(provider)/\(simulation.scenario.mesh.cluster)", value: .array(endpoints))]))
      let held: JSONValue = [
        "Shards": shard, "ServiceAccounts": .array(Set(instances.map(account)).sorted().map(JSONValue.string)),
      ]
      hosts[service.host] = .object(JSONObject([.init(name: service.namespace, value: held)]))
    }
    return .object(hosts)
  }

  private func account(_ instance: Instance) -> String {
    "spiffe://\(simulation.scenario.mesh.trustDomain)/ns/\(instance.namespace)/sa/\(instance.serviceAccount)"
  }

  private func endpoint(_ instance: Instance, _ port: RegistryService.Port) -> JSONValue {
    let labels = instance.labels.sorted { $0.key < $1.key }
    return [
      "Labels": .object(JSONObject(labels.map { .init(name: $0.key, value: .string($0.value)) })),
      "Addresses": [.string(instance.address)], "ServicePortName": .string(port.name), "LegacyClusterPortKey": 0,
      "ServiceAccount": .string(account(instance)), "Network": "",
      "Locality": ["Label": "", "ClusterID": .string(simulation.scenario.mesh.cluster)],
      "EndpointPort": .int(port.target), "LbWeight": 0, "TLSMode": instance.proxy == .none ? "disabled" : "istio",
      "Namespace": .string(instance.namespace), "WorkloadName": .string(instance.workload), "HostName": "",
      "SubDomain": "", "HealthStatus": instance.isReady ? 1 : 2, "SendUnhealthyEndpoints": false, "NodeName": "",
    ]
  }
}
