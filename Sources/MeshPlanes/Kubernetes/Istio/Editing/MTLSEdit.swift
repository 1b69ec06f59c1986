import MeshModel

/// A new mTLS mode: an edit of the PeerAuthentication that is in force, or a new one where there is none.
///
/// Source: Istio, `policy_applier.go` and `model/authentication.go`: which policy is in force at a level, and where port modes count.
enum MTLSEdit {
  /// What is to be done.
  enum Outcome {
    /// The policy in force is edited.
    case edit(NativeObject, JSONValue)
    case create(JSONValue, ObjectRef)
    case delete(NativeObject)
    case nothing
  }

  /// What an intent comes to.
  ///
  /// - Parameters:
  ///   - policies: The PeerAuthentications of the namespace concerned, read now.
  ///   - workload: The workload, at workload and port scope.
  static func outcome(
    _ intent: MTLSIntent, policies: [NativeObject], workload: Workload?, in snapshot: MeshSnapshot, namespace: String,
    apiVersion: String
  ) throws(MeshError) -> Outcome {
    let read = try policies.map { (native: NativeObject) throws(MeshError) in (native, try policy(native)) }
    let level: [(NativeObject, MTLSPolicy)] =
      if let workload {
        read.filter { !$0.1.selector.isEmpty && IstioHost.selects($0.1.selector, workload.labels) }
      } else {
        read.filter { $0.1.selector.isEmpty }
      }
    // Of several at one level the oldest is in force.
    let effective = level.min { ($0.1.createdAt, $0.1.ref) < ($1.1.createdAt, $1.1.ref) }
    guard let (native, policy) = effective else {
      if intent.mode == .unset { return .nothing }
      return create(
        intent, taken: Set(policies.map(\.ref.name)), workload: workload, in: snapshot, namespace: namespace,
        apiVersion: apiVersion)
    }
    if intent.scope == .port, let port = intent.port {
      return editPort(port, intent.mode, native, policy)
    }
    if intent.mode == .unset {
      if policy.mode == .unset { return .nothing }
      return saysOnlyMode(native.json)
        ? .delete(native) : .edit(native, native.json.setting(nil, at: ["spec", "mtls"]))
    }
    return .edit(native, native.json.setting(.string(intent.mode.rawValue), at: ["spec", "mtls", "mode"]))
  }

  private static func editPort(
    _ port: Int, _ mode: MTLSMode, _ native: NativeObject, _ policy: MTLSPolicy
  ) -> Outcome {
    if mode != .unset {
      let path = ["spec", "portLevelMtls", String(port), "mode"]
      return .edit(native, native.json.setting(.string(mode.rawValue), at: path))
    }
    guard policy.ports[port] != nil else { return .nothing }
    let path = policy.ports.count == 1 ? ["spec", "portLevelMtls"] : ["spec", "portLevelMtls", String(port)]
    let edited = native.json.setting(nil, at: path)
    let isEmpty = policy.ports.count == 1 && policy.mode == .unset && saysOnlyMode(edited)
    return isEmpty ? .delete(native) : .edit(native, edited)
  }

  /// Whether a policy's `spec` has nothing but its selector and one mode, so that without the mode it says nothing.
  private static func saysOnlyMode(_ json: JSONValue) -> Bool {
    let spec = json["spec"]?.object ?? JSONObject()
    return spec.names.allSatisfy { $0 == "mtls" || $0 == "selector" }
      && (spec["mtls"]?.object?.names ?? []).allSatisfy { $0 == "mode" }
  }

  private static func create(
    _ intent: MTLSIntent, taken: Set<String>, workload: Workload?, in snapshot: MeshSnapshot, namespace: String,
    apiVersion: String
  ) -> Outcome {
    var name = workload?.ref.name ?? "default"
    if taken.contains(name) { name += "-mtls" }
    var spec = JSONObject()
    if let workload {
      let labels = WorkloadSelector.labels(for: workload, in: snapshot).sorted { $0.key < $1.key }
      let matchLabels = JSONObject(labels.map { JSONObject.Member(name: $0.key, value: .string($0.value)) })
      spec["selector"] = ["matchLabels": .object(matchLabels)]
    }
    let mode: JSONValue = ["mode": .string(intent.mode.rawValue)]
    if intent.scope == .port, let port = intent.port {
      spec["portLevelMtls"] = .object(JSONObject([JSONObject.Member(name: String(port), value: mode)]))
    } else {
      spec["mtls"] = mode
    }
    let json: JSONValue = [
      "apiVersion": .string(apiVersion), "kind": .string(IstioKind.peerAuthentication.spelling),
      "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": .object(spec),
    ]
    let ref = ObjectRef(
      plane: intent.plane, namespace: namespace, kind: IstioKind.peerAuthentication.rawValue, name: name)
    return .create(json, ref)
  }

  /// The policy a native object is.
  static func policy(_ native: NativeObject) throws(MeshError) -> MTLSPolicy {
    do throws(JSONError) {
      for entity in try IstioObjects.entities(
        fromNative: native.json, plane: native.ref.plane, namespace: native.ref.namespace)
      {
        if case .mtlsPolicy(let policy) = entity { return policy }
      }
    } catch {
      throw MeshError(.malformed, "the policy cannot be read: \(error)", object: native.ref, underlying: error)
    }
    throw MeshError(.malformed, "this is no policy of mTLS", object: native.ref)
  }
}
