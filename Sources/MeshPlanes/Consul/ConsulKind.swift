import MeshModel

/// A kind of Consul's configuration entries.
///
/// Left out are those that hold private keys (`inline-certificate`), that the controller alone writes (`bound-api-gateway`)
/// and that are not of the mesh (`control-plane-request-limit`, `file-system-certificate`).
///
/// Source: hashicorp/consul, `agent/structs/config_entry.go`, `AllConfigEntryKinds`.
enum ConsulKind: String, Sendable, Hashable, CaseIterable {
  case proxyDefaults = "proxy-defaults"
  case mesh
  case serviceDefaults = "service-defaults"
  case resolver = "service-resolver"
  case splitter = "service-splitter"
  case router = "service-router"
  case jwtProvider = "jwt-provider"
  case intentions = "service-intentions"
  case ingressGateway = "ingress-gateway"
  case terminatingGateway = "terminating-gateway"
  case apiGateway = "api-gateway"
  case httpRoute = "http-route"
  case tcpRoute = "tcp-route"
  case exportedServices = "exported-services"
  case samenessGroup = "sameness-group"

  /// The name that the one entry of a kind has, where there is only one.
  var fixedName: String? {
    switch self {
    case .proxyDefaults: "global"
    case .mesh: "mesh"
    default: nil
    }
  }
}

/// The identity of a configuration entry.
struct ConsulName: Sendable, Hashable {
  var kind: ConsulKind
  var name: String
  /// The namespace, where the server has namespaces; `nil` where it has none.
  var namespace: String?

  /// The namespace things are shown in: that of the community edition is called as the Enterprise one's first.
  static let defaultNamespace = "default"

  init(kind: ConsulKind, name: String, namespace: String?) {
    self.kind = kind
    self.name = name
    self.namespace = namespace
  }

  /// The identity of an entry as the API answers it; `nil` for anything else.
  init?(of json: JSONValue) {
    guard let kind = json["Kind"]?.string.flatMap(ConsulKind.init(rawValue:)), json["apiVersion"] == nil,
      let name = json["Name"]?.string ?? kind.fixedName, !name.isEmpty
    else { return nil }
    self.init(kind: kind, name: name, namespace: json["Namespace"]?.string)
  }

  /// The identity that a reference means; `nil` where it is of no entry.
  init?(_ ref: ObjectRef, hasNamespaces: Bool) {
    guard let kind = ConsulKind(rawValue: ref.kind) else { return nil }
    self.init(
      kind: kind, name: Self.decoded(ref.name),
      namespace: hasNamespaces && !ref.namespace.isEmpty && kind.fixedName == nil ? ref.namespace : nil)
  }

  /// The path of the entry, without the query.
  var path: String { "/v1/config/\(kind.rawValue)/\(Self.encoded(name))" }

  func ref(plane: PlaneName) -> ObjectRef {
    ObjectRef(
      plane: plane, namespace: kind.fixedName == nil ? namespace ?? Self.defaultNamespace : "", kind: kind.rawValue,
      name: Self.encoded(name))
  }

  /// A name with what would end it in a path or an identifier escaped.
  static func encoded(_ name: String) -> String {
    name.replacing("%", with: "%25").replacing("/", with: "%2F").replacing("?", with: "%3F").replacing("#", with: "%23")
  }

  private static func decoded(_ name: String) -> String {
    name.replacing("%2F", with: "/").replacing("%3F", with: "?").replacing("%23", with: "#").replacing("%25", with: "%")
  }
}

extension NativeObject {
  /// A configuration entry as answered.
  init?(consul json: JSONValue, plane: PlaneName) {
    guard let name = ConsulName(of: json) else { return nil }
    self.init(
      ref: name.ref(plane: plane), path: name.path, json: json,
      version: json["ModifyIndex"]?.int.map(String.init) ?? "",
      uid: json["CreateIndex"]?.int.map(String.init) ?? "")
  }
}
