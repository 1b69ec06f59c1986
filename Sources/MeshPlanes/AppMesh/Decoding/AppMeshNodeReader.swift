import MeshModel

/// A virtual node or gateway of App Mesh: a workload with what its listeners accept and its calls prove, or an entrance.
struct AppMeshNodeReader {
  let json: JSONValue
  let name: AppMeshName
  let plane: PlaneName

  /// The kinds of the things beside the workload itself.
  static let listenerKind: ObjectKind = "listener"
  static let clientPolicyKind: ObjectKind = "clientpolicy"
  static let backendsKind: ObjectKind = "backends"

  private func ref(_ kind: ObjectKind, _ part: String? = nil) -> ObjectRef {
    var ref = name.ref(plane: plane, as: kind)
    if let part { ref.name += ":" + part.replacing("/", with: "%2F").replacing(":", with: "%3A") }
    return ref
  }

  /// The things a virtual node stands for.
  func entities(labels: [String: String]) -> [Entity] {
    let own = [AppMeshReader.label(node: name.name): "target"]
    var entities: [Entity] = [
      .workload(
        Workload(
          ref: ref("workload"), labels: own.merging(labels) { $1 }, runtime: runtime,
          nativeKind: AppMeshKind.virtualNode.rawValue))
    ]
    let listeners = (json["spec"]?["listeners"]?.array ?? []).enumerated().compactMap {
      AppMeshListener($0.element, pointer: JSONPointer(["spec", "listeners", String($0.offset)]))
    }
    let version = json["metadata"]?["version"]?.int.map(String.init) ?? ""
    entities.append(
      .mtlsPolicy(
        MTLSPolicy(
          ref: ref(Self.listenerKind), selector: own,
          mode: listeners.map(\.mode).min(by: AppMeshListener.isWeaker) ?? .disable,
          ports: Dictionary(listeners.map { ($0.port, $0.mode) }, uniquingKeysWith: { first, _ in first }),
          version: version, apiVersion: "appmesh/v20190125")))
    entities += listeners.map { listener in
      .accessPolicy(
        AccessPolicy(
          ref: ref(Self.listenerKind, String(listener.port)), selector: own, action: listener.kind.rawValue,
          rules: [listener.words], principals: listener.names))
    }
    let backends = json["spec"]?["backends"]?.array ?? []
    let services = backends.compactMap { $0["virtualService"]?["virtualServiceName"]?.string }
    entities.append(
      .egressScope(EgressScope(ref: ref(Self.backendsKind), selector: own, hosts: services, namesCallees: true)))
    let defaults = json["spec"]?["backendDefaults"]?["clientPolicy"]?["tls"]
    for backend in backends {
      guard let service = backend["virtualService"]?["virtualServiceName"]?.string else { continue }
      let policy = backend["virtualService"]?["clientPolicy"]?["tls"] ?? defaults
      entities.append(clientPolicy(policy, host: service, own))
    }
    entities.append(clientPolicy(defaults, host: "*", own))
    return entities
  }

  /// A virtual gateway.
  func gateway() -> Gateway {
    let listeners = (json["spec"]?["listeners"]?.array ?? []).enumerated().compactMap { index, listener in
      listener["portMapping"]?["port"]?.int.map { port in
        Gateway.Listener(
          port: port, transport: listener["portMapping"]?["protocol"]?.string ?? "", hosts: ["*"],
          tls: listener["tls"]?["mode"]?.string, pointer: JSONPointer(["spec", "listeners", String(index)]))
      }
    }
    return Gateway(ref: ref("gateway"), selector: [:], listeners: listeners)
  }

  private func clientPolicy(_ tls: JSONValue?, host: String, _ own: [String: String]) -> Entity {
    var settings = DestinationPolicy.TrafficSettings()
    // An enforcement that is not written is on (App Mesh API, ClientPolicyTls.enforce).
    if let tls, tls["enforce"]?.bool ?? true {
      let mode: ClientTLSMode = tls["certificate"]?.object == nil ? .simple : .mutual
      let ports = (tls["ports"]?.array ?? []).compactMap(\.int)
      if ports.isEmpty { settings.tls = mode }
      for port in ports { settings.ports[port] = mode }
    }
    return .destination(
      DestinationPolicy(
        ref: ref(Self.clientPolicyKind, host), host: host, settings: settings, workloadSelector: own,
        apiVersion: "appmesh/v20190125"))
  }

  /// What runs it, as far as its Cloud Map attributes tell. Source: Amazon ECS developer guide, "Service discovery".
  private var runtime: Runtime {
    let attributes = json["spec"]?["serviceDiscovery"]?["awsCloudMap"]?["attributes"]?.array ?? []
    let keys = attributes.compactMap { $0["key"]?.string }
    return keys.contains("EC2_INSTANCE_ID") && !keys.contains { $0.hasPrefix("ECS_") } ? .vm : .container
  }
}

/// What one listener of a node accepts.
struct AppMeshListener: Sendable, Hashable {
  let port: Int
  let kind: ServerTLS
  /// What it proves itself by and whom it trusts, in words.
  let words: String
  /// The names a client's certificate must bear; empty where any will do.
  let names: [String]
  let pointer: JSONPointer

  init?(_ listener: JSONValue, pointer: JSONPointer) {
    guard let port = listener["portMapping"]?["port"]?.int else { return nil }
    self.port = port
    self.pointer = pointer
    let tls = listener["tls"]
    let validation = tls?["validation"].flatMap { $0.isNull ? nil : $0 }
    // A validation of clients is what makes TLS mutual (App Mesh user guide, "Mutual TLS authentication").
    switch (tls?["mode"]?.string, validation != nil) {
    case ("STRICT", true): kind = .mutualStrict
    case ("STRICT", false): kind = .oneWayStrict
    case ("PERMISSIVE", true): kind = .mutualPermissive
    case ("PERMISSIVE", false): kind = .oneWayPermissive
    default: kind = .plaintext
    }
    let certificate = tls?["certificate"]?.object?.names.first.map { "certificate by \($0)" }
    let trust = validation?["trust"]?.object?.names.first.map { "clients trusted by \($0)" }
    words = ["port \(port): \(kind.rawValue)", certificate, trust].compactMap(\.self).joined(separator: ", ")
    names = (validation?["subjectAlternativeNames"]?["match"]?["exact"]?.array ?? []).compactMap(\.string)
  }

  /// What it comes to for mutual TLS.
  var mode: MTLSMode { kind.mode }

  static func isWeaker(_ left: MTLSMode, _ right: MTLSMode) -> Bool {
    let order: [MTLSMode] = [.unset, .disable, .permissive, .strict]
    return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
  }
}
