/// The labels of Istio's standard metrics, telemetry v2, as exposition text prints them.
///
/// Source: Istio's standard metrics and Istio's standard metrics. A label without a value is `unknown`, but
/// `grpc_response_status`, which is empty.
struct FlowLabels {
  let mesh: Scenario.Mesh

  /// The labels of what the caller's proxy reports; it does not know the security of the connection.
  func source(
    caller: Instance, outcome: Outcome, service: RegistryService?, isGRPC: Bool, isConnection: Bool
  ) -> String {
    make(
      reporter: "source", source: Destination(caller), hasPrincipal: outcome.isMutualTLS, outcome: outcome,
      service: service, security: "unknown", isGRPC: isGRPC, isConnection: isConnection)
  }

  /// The labels of what the destination's proxy reports; it knows callers by their certificate or their proxy's headers.
  func destination(
    caller: Instance, outcome: Outcome, service: RegistryService?, isGRPC: Bool, isConnection: Bool
  ) -> String {
    let isKnown = outcome.isMutualTLS || (caller.hasProxy && !isConnection)
    return make(
      reporter: "destination", source: isKnown ? Destination(caller) : nil, hasPrincipal: outcome.isMutualTLS,
      outcome: outcome, service: service, security: outcome.isMutualTLS ? "mutual_tls" : "none", isGRPC: isGRPC,
      isConnection: isConnection)
  }

  /// The labels of what a waypoint reports of the requests it decides; it knows both ends by what carries them.
  func waypoint(
    caller: Instance, outcome: Outcome, service: RegistryService?, isGRPC: Bool, isConnection: Bool
  ) -> String {
    make(
      reporter: "waypoint", source: Destination(caller), hasPrincipal: true, outcome: outcome, service: service,
      security: "mutual_tls", isGRPC: isGRPC, isConnection: isConnection)
  }

  /// The labels of the connections that the proxy of a node reports, of whichever end is on it.
  ///
  /// Source: ztunnel, `src/proxy/metrics.rs`: Istio's TCP metrics with all their labels; both ends know of mutual TLS.
  func node(
    _ reporter: String, from source: Destination, outcome: Outcome, service: RegistryService?
  ) -> String {
    make(
      reporter: reporter, source: source, hasPrincipal: outcome.isMutualTLS, outcome: outcome, service: service,
      security: outcome.isMutualTLS ? "mutual_tls" : "unknown", isGRPC: false, isConnection: true)
  }

  private func make(
    reporter: String, source: Destination?, hasPrincipal: Bool, outcome: Outcome, service: RegistryService?,
    security: String, isGRPC: Bool, isConnection: Bool
  ) -> String {
    let target = outcome.destination.flatMap { $0.isNamed ? $0 : nil }
    var text = ""
    func label(_ name: String, _ value: String?) {
      if mesh.isSOFA, Self.unknownToMixer.contains(name) { return }
      if !text.isEmpty { text += "," }
      let value = value ?? "unknown"
      text += "\(name)=\"\(Self.escaped(value))\""
    }
    func known(_ value: String?) -> String? { value?.isEmpty == true ? nil : value }
    func principal(_ workload: Destination?) -> String? {
      guard hasPrincipal, let workload else { return nil }
      return "spiffe://\(mesh.trustDomain)/ns/\(workload.namespace)/sa/\(workload.serviceAccount)"
    }
    label("reporter", reporter)
    label("source_workload", source?.workload)
    label("source_canonical_service", source?.app)
    label("source_canonical_revision", source?.canonicalRevision ?? "latest")
    label("source_workload_namespace", source?.namespace)
    label("source_principal", principal(source))
    label("source_app", source?.app)
    label("source_version", known(source?.version))
    label("source_cluster", source == nil ? nil : mesh.cluster)
    label("destination_workload", target?.workload)
    label("destination_workload_namespace", target?.namespace)
    label("destination_principal", principal(target))
    label("destination_app", target?.app)
    label("destination_version", known(target?.version))
    label("destination_service", service?.host)
    label("destination_canonical_service", target?.app)
    label("destination_canonical_revision", target?.canonicalRevision ?? "latest")
    label("destination_service_name", service?.name)
    label("destination_service_namespace", service?.namespace)
    label("destination_cluster", target == nil ? nil : mesh.cluster)
    label("request_protocol", isConnection ? "tcp" : isGRPC ? "grpc" : "http")
    if !isConnection {
      label("response_code", String(outcome.code))
      label("grpc_response_status", outcome.grpcStatus)
    }
    label("response_flags", outcome.flags.isEmpty ? "-" : outcome.flags)
    label("connection_security_policy", security)
    return text
  }

  /// The labels of a flow as they were printed; none of those that are read holds a quotation mark.
  static func values(_ text: String) -> [String: String] {
    var result: [String: String] = [:]
    for part in text.split(separator: ",") {
      guard let equals = part.firstIndex(of: "=") else { continue }
      result[String(part[..<equals])] = String(part[part.index(after: equals)...].filter { $0 != "\"" })
    }
    return result
  }

  /// The labels that came with the proxies' own telemetry. Source: Istio 1.1,
  /// `install/kubernetes/helm/istio/charts/mixer/templates/config.yaml`.
  private static let unknownToMixer: Set = [
    "source_canonical_service", "source_canonical_revision", "source_cluster", "destination_canonical_service",
    "destination_canonical_revision", "destination_cluster", "grpc_response_status",
  ]

  /// A label's value with the escapes of the exposition format.
  static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
    return value.reduce(into: "") { text, character in
      switch character {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }
}
