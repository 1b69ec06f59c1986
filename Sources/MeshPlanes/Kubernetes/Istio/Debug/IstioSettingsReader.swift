import MeshModel

/// A reader of the mesh's settings: the `mesh` text of the ConfigMap `istio`, or istiod's `/debug/mesh`.
enum IstioSettingsReader {
  static func settings(of dialect: IstioDialect, using access: any KubernetesAccess) async -> MeshSettings? {
    if let json = await told(by: dialect) {
      return await MeshIdentityReader.complete(settings(meshConfig: json), revision: "", using: access)
    }
    guard let (settings, place) = await configured(using: access) else {
      // Where the ConfigMap cannot be read, istiod itself may still tell.
      let (answers, _) = await IstiodDebug(dialect: dialect, access: access).ask(
        "/debug/mesh", rootNamespace: MeshSettings().rootNamespace, in: MeshSnapshot(), WholeAnswer())
      guard let json = answers.lazy.compactMap({ try? JSONValue(parsing: $0.value) }).first else { return nil }
      return await MeshIdentityReader.complete(self.settings(meshConfig: json), revision: "", using: access)
    }
    return await MeshIdentityReader.complete(settings, revision: settings.version, in: place, using: access)
  }

  /// What istiod says at its configured address.
  private static func told(by dialect: IstioDialect) async -> JSONValue? {
    guard let address = dialect.addresses.istiod, let direct = dialect.direct else { return nil }
    var bytes: [UInt8] = []
    do throws(MeshError) { try await direct(address + "/debug/mesh") { bytes += $0 } } catch { return nil }
    return try? JSONValue(parsing: bytes)
  }

  /// The settings in ConfigMaps, and the namespace of istiod: that of Istio without a revision, else those of its newest.
  private static func configured(using access: any KubernetesAccess) async -> (MeshSettings, String)? {
    let ref = ObjectRef(plane: access.plane, namespace: "istio-system", kind: "configmap", name: "istio")
    // Source: Istio 1.4 and 1.5, `pkg/config/mesh/mesh.go`: off unless asked for; before 1.4 there was none.
    let isNewer = await access.apiVersion(of: IstioKind.peerAuthentication.rawValue) != nil
    let isOlder = await access.apiVersion(of: IstioKind.policy.rawValue) != nil && !isNewer
    if let native = try? await access.native(ref), let found = settings(of: [native], autoMTLS: !isOlder) {
      return (found, "istio-system")
    }
    for namespace in ["istio-system", managedNamespace] {
      let maps = (try? await access.natives("configmap", namespace: namespace)) ?? []
      if let found = settings(of: revisioned(maps)) { return (found, namespace) }
    }
    return nil
  }

  /// The namespace in which AKS runs the istiod of its Istio add-on. Source: AKS documentation, "Istio-based service mesh
  /// add-on": the settings of a revision are in `istio-REVISION`, the operator's own in `istio-shared-configmap-REVISION`.
  private static let managedNamespace = "aks-istio-system"

  /// Of the ConfigMaps of a namespace those of the newest revision: its own, and the operator's that hold over it.
  static func revisioned(_ maps: [NativeObject]) -> [NativeObject] {
    let own = maps.filter { map in
      map.ref.name.hasPrefix("istio-") && !map.ref.name.hasPrefix("istio-shared-configmap-")
        && map.json["data"]?["mesh"]?.string != nil
    }
    // `asm-1-9` comes before `asm-1-10`: numbers are compared as numbers.
    guard let newest = own.max(by: { numbers($0.ref.name).lexicographicallyPrecedes(numbers($1.ref.name)) }) else {
      return []
    }
    let revision = newest.ref.name.dropFirst("istio-".count)
    return [newest] + maps.filter { $0.ref.name == "istio-shared-configmap-\(revision)" }
  }

  private static func numbers(_ name: String) -> [Int] { name.split(separator: "-").compactMap { Int($0) } }

  /// The settings that ConfigMaps hold, a later one over an earlier; where none names the root namespace, it is theirs.
  static func settings(of maps: [NativeObject], autoMTLS: Bool = true) -> MeshSettings? {
    let texts = maps.compactMap { $0.json["data"]?["mesh"]?.string }
    guard let first = maps.first, !texts.isEmpty else { return nil }
    let labelled = first.json["metadata"]?["labels"]?["istio.io/rev"]?.string
    return settings(yamls: texts, version: labelled ?? "", namespace: first.ref.namespace, autoMTLS: autoMTLS)
  }

  /// Settings from the ConfigMap's YAML text; `nil` where it cannot be read.
  static func settings(yaml: String, version: String = "") -> MeshSettings? {
    settings(yamls: [yaml], version: version, namespace: "istio-system")
  }

  private static func settings(
    yamls: [String], version: String, namespace: String, autoMTLS: Bool = true
  ) -> MeshSettings? {
    var values: [String: String] = [:]
    for yaml in yamls {
      guard let some = MeshConfigText.scalars(yaml) else { return nil }
      values.merge(some) { $1 }
    }
    var settings = MeshSettings(autoMTLS: autoMTLS, version: version)
    settings.rootNamespace = namespace
    if let value = values["rootNamespace"], !value.isEmpty { settings.rootNamespace = value }
    if let value = values["trustDomain"], !value.isEmpty { settings.trustDomain = value }
    if let value = values["enableAutoMtls"] { settings.autoMTLS = value != "false" }
    if let value = values["outboundTrafficPolicy.mode"] { settings.allowsUnknownHosts = value != "REGISTRY_ONLY" }
    settings.meshID = values["defaultConfig.meshId"] ?? ""
    func list(_ name: String) -> [String] {
      yamls.lazy.map { MeshConfigText.list(name, in: $0) }.last { !$0.isEmpty } ?? []
    }
    settings.trustDomainAliases = list("trustDomainAliases")
    settings.noteVisibility(list)
    return settings
  }

  /// Settings from the JSON form of MeshConfig.
  static func settings(meshConfig json: JSONValue) -> MeshSettings {
    var settings = MeshSettings()
    if let value = json["rootNamespace"]?.string, !value.isEmpty { settings.rootNamespace = value }
    if let value = json["trustDomain"]?.string, !value.isEmpty { settings.trustDomain = value }
    if let value = json["enableAutoMtls"]?.bool { settings.autoMTLS = value }
    if let value = json["outboundTrafficPolicy"]?["mode"]?.string {
      settings.allowsUnknownHosts = value != "REGISTRY_ONLY"
    }
    settings.meshID = json["defaultConfig"]?["meshId"]?.string ?? ""
    func list(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.string) }
    settings.trustDomainAliases = list("trustDomainAliases")
    settings.noteVisibility(list)
    return settings
  }
}

extension MeshSettings {
  /// Takes where things are visible that do not say so, from the lists of a MeshConfig.
  fileprivate mutating func noteVisibility(_ list: (String) -> [String]) {
    func visible(_ name: String) -> [String] {
      let namespaces = list(name)
      return namespaces.contains("*") ? [] : namespaces
    }
    serviceExportTo = visible("defaultServiceExportTo")
    routeExportTo = visible("defaultVirtualServiceExportTo")
    destinationExportTo = visible("defaultDestinationRuleExportTo")
  }
}
