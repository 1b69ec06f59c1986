public import MeshModel

extension EnvoyPlane {
  /// One object as a proxy shows it: a virtual host, cluster or listener, or a proxy's runtime.
  public func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject {
    if ref.kind == EnvoyEntities.Kind.runtime { return try await runtime(of: ref) }
    guard let found = try await natives(ref.kind, namespace: ref.namespace).first(where: { $0.ref == ref }) else {
      throw MeshError(.notFound, "no proxy has it", plane: name, object: ref)
    }
    return found
  }

  /// None: what proxies run was configured elsewhere, and nothing is made through them.
  public var configurationKinds: [ObjectKind] { [] }

  /// The objects of a kind, each as the first proxy that has it shows it.
  public func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
    let state = await fleet.current(within: 3)
    let readings = state.readings.filter { namespace == nil || namespace == $0.group }
    var result: [ObjectRef: NativeObject] = [:]
    func add(_ ref: ObjectRef, _ path: String, _ json: JSONValue, _ version: String) {
      if result[ref] == nil { result[ref] = NativeObject(ref: ref, path: path, json: json, version: version) }
    }
    for reading in readings {
      func ref(_ name: String) -> ObjectRef {
        ObjectRef(plane: self.name, namespace: reading.group, kind: kind, name: EnvoyReader.name(name))
      }
      switch kind {
      case EnvoyEntities.Kind.runtime where speech == .mosn:
        throw MeshError(.usage, "a MOSN has no runtime to override", plane: self.name)
      case EnvoyEntities.Kind.cluster where speech == .mosn, EnvoyEntities.Kind.listener where speech == .mosn,
        EnvoyEntities.Kind.tcpProxy where speech == .mosn:
        let own = kind == EnvoyEntities.Kind.cluster ? kind : EnvoyEntities.Kind.listener
        for (name, json) in reading.objects[own] ?? [:] { add(ref(name), "/api/v1/config_dump", json, "") }
      case EnvoyEntities.Kind.virtualHost:
        for table in reading.tables {
          for host in table.hosts {
            add(ref("\(table.name):\(host.name)"), "/config_dump?resource=routes", host.json, table.version)
          }
        }
      case EnvoyEntities.Kind.runtime:
        guard state.failures[reading.address] == nil else { continue }
        let native = try await runtime(of: ref(reading.node))
        result[native.ref] = native
      case EnvoyEntities.Kind.cluster:
        let dump = try await fleet.admin(reading.address).dump(.clusters)
        for item in dump.list("static_clusters") + dump.list("dynamic_active_clusters") {
          guard let json = item["cluster"], let name = json["name"]?.string else { continue }
          add(ref(name), "/config_dump", json, item["version_info"]?.string ?? "")
        }
      case EnvoyEntities.Kind.listener, EnvoyEntities.Kind.tcpProxy:
        let dump = try await fleet.admin(reading.address).dump(.listeners)
        let active = dump.list("dynamic_listeners").compactMap { $0["active_state"] }
        for item in dump.list("static_listeners") + active {
          guard let json = item["listener"], let name = json["name"]?.string else { continue }
          add(ref(name), "/config_dump", json, item["version_info"]?.string ?? "")
        }
      default:
        throw MeshError(
          .usage, "proxies have no objects of kind \(kind)", plane: self.name,
          remedy: "there are virtualhost, cluster, listener and runtime")
      }
    }
    return result.values.sorted { $0.ref < $1.ref }
  }

  /// The reading of the proxy that a reference names.
  func proxy(_ ref: ObjectRef) async throws(MeshError) -> EnvoyReading {
    if let known = await fleet.reading(node: ref.name, group: ref.namespace) { return known }
    _ = await fleet.current()
    guard let found = await fleet.reading(node: ref.name, group: ref.namespace) else {
      throw MeshError(.notFound, "there is no proxy \(ref.name)", plane: name, object: ref)
    }
    return found
  }

  /// The values of a proxy's admin layer, read now.
  func runtime(of ref: ObjectRef) async throws(MeshError) -> NativeObject {
    let admin = try await fleet.admin(proxy(ref).address)
    let bootstrap = try await admin.dump(.bootstrap)
    let runtime = EnvoyRuntime.read(
      try await admin.json("/runtime"), bootstrap: bootstrap["bootstrap"] ?? .object(JSONObject()))
    return RuntimeObject.native(runtime, ref: ref, address: admin.address)
  }
}

/// A proxy's overrides as an object that can be compared and patched.
enum RuntimeObject {
  /// The object: which proxy, which layer, and the values of that layer in the order of their keys.
  static func native(_ runtime: EnvoyRuntime, ref: ObjectRef, address: String) -> NativeObject {
    let json = object(runtime, address: address)
    return NativeObject(ref: ref, path: "\(address)/runtime_modify", json: json, version: version(json))
  }

  private static func object(_ runtime: EnvoyRuntime, address: String) -> JSONValue {
    let values = runtime.overrides.sorted { $0.key < $1.key }.map { key, value in
      JSONObject.Member(name: key, value: .string(value))
    }
    let layer = runtime.adminLayer.flatMap { runtime.layers.indices.contains($0) ? runtime.layers[$0] : nil }
    return [
      "proxy": .string(address), "layer": layer.map(JSONValue.string) ?? .null, "values": .object(JSONObject(values)),
    ]
  }

  /// The version of an object: what its values come to, since the proxy counts no changes.
  static func version(_ json: JSONValue) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in JSONWriter.text(json["values"] ?? .null).utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return String(hash, radix: 16)
  }

  /// The values of an object by key.
  static func values(_ json: JSONValue) -> [String: String] {
    Dictionary(
      (json["values"]?.object?.members ?? []).map { ($0.name, $0.value.string ?? "") },
      uniquingKeysWith: { first, _ in first })
  }
}
