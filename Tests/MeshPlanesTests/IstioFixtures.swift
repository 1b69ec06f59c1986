import Foundation
import MeshModel
import MeshPlanes

/// The recordings and the making of small meshes for the tests of Istio's dialect.
enum IstioFixtures {
  static func bytes(_ path: String) throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appending(path: "Fixtures/Recordings").appending(path: path)))
  }

  static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: bytes(path)) }

  /// The entities of a recorded list.
  static func entities(_ path: String) throws -> [Entity] {
    let list = try json(path)
    return try (list["items"]?.array ?? []).flatMap { try IstioObjects.entities(fromNative: $0, plane: "lab") }
  }

  /// The entities of objects written as JSON.
  static func entities(text: String) throws -> [Entity] {
    try IstioObjects.entities(fromNative: JSONValue(parsing: text), plane: "lab")
  }

  static func route(_ entities: [Entity], _ name: String) -> Route? {
    for case .route(let route) in entities where route.ref.name == name { return route }
    return nil
  }

  /// A native object made of JSON text.
  static func native(_ text: String, version: String = "7") throws -> NativeObject {
    let json = try JSONValue(parsing: text)
    let kind = (json["kind"]?.string ?? "").lowercased()
    let (namespace, name) = (json["metadata"]?["namespace"]?.string ?? "", json["metadata"]?["name"]?.string ?? "")
    return NativeObject(
      ref: ObjectRef(plane: "lab", namespace: namespace, kind: kind, name: name),
      path: "/apis/x/namespaces/\(namespace)/\(kind)s/\(name)", json: json, version: version, uid: "u-\(name)")
  }
}

/// A small mesh put together by hand.
struct SmallMesh {
  var snapshot = MeshSnapshot()

  init(settings: MeshSettings = MeshSettings()) { snapshot.meshes["lab"] = settings }

  static func ref(_ kind: String, _ namespace: String, _ name: String) -> ObjectRef {
    ObjectRef(plane: "lab", namespace: namespace, kind: kind, name: name)
  }

  /// Adds a service with a workload of instances behind it.
  mutating func add(
    _ name: String, in namespace: String = "shop", version: String = "v1", proxy: ProxyMode = .sidecar,
    speaksTLS: Bool? = nil, count: Int = 1, ports: [ServicePort]? = nil, isHeadless: Bool = false
  ) {
    let workload = Self.ref("deployment", namespace, "\(name)-\(version)")
    let labels = ["app": name, "version": version]
    snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: Self.ref("service", namespace, name), hosts: ["\(name).\(namespace).svc.cluster.local"],
            ports: ports ?? [ServicePort(name: "http", port: 80, targetPort: 8080, appProtocol: "http")],
            selector: ["app": name], isHeadless: isHeadless))))
    snapshot.apply(
      .upsert(.workload(Workload(ref: workload, labels: labels, desired: count, nativeKind: "deployment"))))
    for index in 0..<count {
      snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: Self.ref("pod", namespace, "\(name)-\(version)-\(index)"), workload: workload, labels: labels,
              isReady: true, proxy: proxy, acceptsMeshTLS: speaksTLS ?? (proxy != .none)))))
    }
  }

  /// Adds a PeerAuthentication.
  mutating func peer(
    _ name: String = "default", in namespace: String, _ mode: MTLSMode, selector: [String: String] = [:],
    ports: [Int: MTLSMode] = [:], age: Double = 100
  ) {
    snapshot.apply(
      .upsert(
        .mtlsPolicy(
          MTLSPolicy(
            ref: Self.ref("peerauthentication", namespace, name), selector: selector, mode: mode, ports: ports,
            createdAt: Instant(seconds: age)))))
  }

  /// Adds objects written as JSON.
  mutating func add(objects: String...) throws {
    for text in objects { for entity in try IstioFixtures.entities(text: text) { snapshot.apply(.upsert(entity)) } }
  }

  func service(_ name: String, _ namespace: String = "shop") throws -> Service {
    guard let found = snapshot.services[Self.ref("service", namespace, name)] else { throw Missing(name: name) }
    return found
  }

  func workload(_ name: String, _ namespace: String = "shop") throws -> Workload {
    guard let found = snapshot.workloads[Self.ref("deployment", namespace, name)] else { throw Missing(name: name) }
    return found
  }

  struct Missing: Error { var name: String }
}
