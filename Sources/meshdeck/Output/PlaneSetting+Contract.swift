import MeshKit

extension PlaneSetting {
  /// The plane as the contract has it: what the configuration file says of it.
  var json: JSONValue {
    var value: JSONValue = ["name": .string(name), "kind": .string(kind.rawValue)]
    if let notice = kind.notice { value["notice"] = .string(notice) }
    if let region { value["region"] = .string(region) }
    if let endpoint { value["endpoint"] = .string(endpoint) }
    if let profile { value["profile"] = .string(profile) }
    for field in ConsulSettings.fields {
      if let text = consul[field] { value[field] = .string(text) }
    }
    if let project { value["project"] = .string(project) }
    if let location { value["location"] = .string(location) }
    if let credentialsFile { value["credentialsFile"] = .string(credentialsFile) }
    if let kubeconfig { value["kubeconfig"] = .string(kubeconfig) }
    if let context { value["context"] = .string(context) }
    if let azure {
      for name in AzureSettings.fields where kind == .serviceFabric { value[name] = azure[name].map(JSONValue.string) }
      if kind == .kubernetes {
        let members = AzureSettings.clusterFields.compactMap { name in
          azure[name].map { JSONObject.Member(name: name, value: .string($0)) }
        }
        value["azure"] = .object(JSONObject(members))
      }
    }
    if let istiod { value["istiod"] = ["url": .string(istiod)] }
    if let xds { value["xds"] = xds.json }
    if kind == .envoy || kind == .xds || kind == .mosn, !envoy.isEmpty {
      value[kind == .mosn ? "mosn" : "envoy"] = .array(envoy.map { ["url": .string($0.url)] })
    }
    if let telemetry {
      var source: JSONValue = ["urls": .array(telemetry.urls.map(JSONValue.string))]
      if let namespace = telemetry.namespace { source["namespace"] = .string(namespace) }
      value["telemetry"] = .object(JSONObject([.init(name: telemetry.kind.rawValue, value: source)]))
    }
    if readOnly { value["readOnly"] = true }
    return value
  }
}
