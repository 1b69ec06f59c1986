extension Scenario {
  /// The kinds its API server serves.
  var resourceTypes: ResourceTypes { mesh.isSOFA ? .sofaMesh : .installed(dialects) }
}

extension ResourceTypes {
  /// The kinds of a SOFAMesh: Kubernetes' own and those of Istio 1.1 that it took over.
  ///
  /// Source: Istio 1.1.17, `install/kubernetes/helm/istio-init/files/crd-10.yaml` and `crd-11.yaml`: one version each, nothing
  /// of their fields is checked.
  static let sofaMesh = ResourceTypes(core + workloads + networkingOfOld + authentication)

  private static let networkingOfOld: [ResourceType] = [
    of("VirtualService", "virtualservices", short: "vs", ["Gateways": ".spec.gateways", "Hosts": ".spec.hosts"]),
    of("DestinationRule", "destinationrules", short: "dr", ["Host": ".spec.host"]),
    of(
      "ServiceEntry", "serviceentries", short: "se",
      ["Hosts": ".spec.hosts", "Location": ".spec.location", "Resolution": ".spec.resolution"]),
    of("Gateway", "gateways", short: "gw"), of("EnvoyFilter", "envoyfilters"), of("Sidecar", "sidecars"),
  ]

  private static let authentication: [ResourceType] = [
    of("Policy", "policies", family: "authentication", version: "v1alpha1"),
    of("MeshPolicy", "meshpolicies", family: "authentication", version: "v1alpha1", isNamespaced: false),
  ]

  private static func of(
    _ kind: String, _ plural: String, family: String = "networking", version: String = "v1alpha3",
    short: String? = nil, _ columns: KeyValuePairs<String, String> = [:], isNamespaced: Bool = true
  ) -> ResourceType {
    ResourceType(
      kind, plural, group: "\(family).istio.io", versions: [version], shortNames: short.map { [$0] } ?? [],
      categories: ["istio-io", "\(family)-istio-io"], isNamespaced: isNamespaced, isCustom: true,
      columns: columns.map { ResourceType.Column($0.key, $0.value) }
        + [ResourceType.Column("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("istio.OfOld"))
  }
}
