import MeshModel
import Testing

@testable import MeshPlanes

/// A Kubernetes API server's objects, as far as edits ask for them.
struct StoredObjects: KubernetesAccess {
  var objects: [NativeObject] = []
  var answers: [String: [UInt8]] = [:]
  /// The server's words where nothing answers; the place asked for unless given.
  var refusal: String?
  /// Whether Istio is of the time before PeerAuthentication.
  var isOfOld = false
  /// The kinds that may not be listed.
  var refused: Set<ObjectKind> = []

  var plane: PlaneName { "lab" }
  var now: Instant { Instant(seconds: 1000) }

  func apiVersion(of kind: ObjectKind) async -> String? {
    if let istio = IstioKind(rawValue: kind) {
      let isOld = istio.group == IstioKind.authentication
      guard isOfOld || istio.group == IstioKind.networking || !isOld else { return nil }
      if isOfOld { return istio.group == IstioKind.security ? nil : "\(istio.group)/v1alpha\(isOld ? 1 : 3)" }
      return "\(istio.group)/v1"
    }
    return DialectFixtures.dialects.flatMap(\.resources).first { $0.kind == kind }
      .map { "\($0.group)/\($0.versions.first ?? "")" }
  }

  func path(of kind: ObjectKind, namespace: String, name: String?) async throws(MeshError) -> String {
    "/apis/x/namespaces/\(namespace)/\(kind)s" + (name.map { "/\($0)" } ?? "")
  }

  func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    guard let found = objects.first(where: { $0.ref == ref }) else { throw MeshError(.notFound, "none", object: ref) }
    return found
  }

  func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    if refused.contains(kind) { throw MeshError(.forbidden, "\(kind)s is forbidden") }
    return objects.filter { $0.ref.kind == kind && (namespace == nil || $0.ref.namespace == namespace) }
  }

  func get(pod: String, namespace: String, port: Int, path: String) async throws(MeshError) -> [UInt8] {
    guard let bytes = answers["\(namespace)/\(pod):\(port)\(path)"] else {
      throw MeshError(.unreachable, refusal ?? "no answer from \(pod):\(port)\(path)")
    }
    return bytes
  }
}
