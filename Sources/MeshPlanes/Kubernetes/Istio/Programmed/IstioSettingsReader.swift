import MeshModel

/// A reader of the mesh's settings: the `mesh` text of the ConfigMap `istio`, or istiod's `/debug/mesh`.
enum IstioSettingsReader {
  static func settings(of dialect: IstioDialect, using access: any KubernetesAccess) async -> MeshSettings? {
    if let address = dialect.addresses.istiod, let direct = dialect.direct,
      let bytes = try? await direct(address + "/debug/mesh"), let json = try? JSONValue(parsing: bytes)
    {
      return await MeshIdentityReader.complete(settings(meshConfig: json), revision: "", using: access)
    }
    let ref = ObjectRef(plane: access.plane, namespace: "istio-system", kind: "configmap", name: "istio")
    guard let native = try? await access.native(ref), let text = native.json["data"]?["mesh"]?.string else {
      return nil
    }
    let revision = native.json["metadata"]?["labels"]?["istio.io/rev"]?.string ?? ""
    guard let settings = settings(yaml: text, version: revision) else { return nil }
    return await MeshIdentityReader.complete(settings, revision: revision, using: access)
  }

  /// Settings from the ConfigMap's YAML text; `nil` where it cannot be read.
  static func settings(yaml: String, version: String = "") -> MeshSettings? {
    guard let values = MeshConfigText.scalars(yaml) else { return nil }
    var settings = MeshSettings(version: version)
    if let value = values["rootNamespace"], !value.isEmpty { settings.rootNamespace = value }
    if let value = values["trustDomain"], !value.isEmpty { settings.trustDomain = value }
    if let value = values["enableAutoMtls"] { settings.autoMTLS = value != "false" }
    if let value = values["outboundTrafficPolicy.mode"] { settings.allowsUnknownHosts = value != "REGISTRY_ONLY" }
    settings.meshID = values["defaultConfig.meshId"] ?? ""
    settings.trustDomainAliases = MeshConfigText.list("trustDomainAliases", in: yaml)
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
    settings.trustDomainAliases = (json["trustDomainAliases"]?.array ?? []).compactMap(\.string)
    return settings
  }
}
