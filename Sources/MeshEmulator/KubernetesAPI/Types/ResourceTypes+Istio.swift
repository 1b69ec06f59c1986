extension ResourceTypes {
  /// The kinds of Istio, as its own custom resource definitions declare them.
  static let istio: [ResourceType] =
    networking + security + [
      istioType("Telemetry", "telemetries", "telemetry", ["v1", "v1alpha1"], short: "telemetry", columns: [age]),
      istioType("WasmPlugin", "wasmplugins", "extensions", ["v1alpha1"], columns: [age]),
    ]

  private static let age = ResourceType.Column("Age", ".metadata.creationTimestamp", type: "date")

  private static let networking: [ResourceType] = [
    istioType("WorkloadGroup", "workloadgroups", "networking", all, short: "wg", columns: [age]),
    istioType("Gateway", "gateways", "networking", all, short: "gw"),
    istioType(
      "ServiceEntry", "serviceentries", "networking", all, short: "se",
      columns: [
        .init("Hosts", ".spec.hosts"), .init("Location", ".spec.location"), .init("Resolution", ".spec.resolution"),
        age,
      ]),
    istioType(
      "DestinationRule", "destinationrules", "networking", all, short: "dr",
      columns: [.init("Host", ".spec.host"), age]),
    istioType("Sidecar", "sidecars", "networking", all),
    istioType(
      "WorkloadEntry", "workloadentries", "networking", all, short: "we",
      columns: [age, .init("Address", ".spec.address")]),
    istioType(
      "VirtualService", "virtualservices", "networking", all, short: "vs",
      columns: [.init("Gateways", ".spec.gateways"), .init("Hosts", ".spec.hosts"), age]),
    istioType("EnvoyFilter", "envoyfilters", "networking", ["v1alpha3"]),
    istioType("ProxyConfig", "proxyconfigs", "networking", ["v1beta1"]),
  ]

  private static let security: [ResourceType] = [
    istioType(
      "AuthorizationPolicy", "authorizationpolicies", "security", ["v1", "v1beta1"], short: "ap",
      columns: [.init("Action", ".spec.action"), age]),
    istioType(
      "PeerAuthentication", "peerauthentications", "security", ["v1", "v1beta1"], short: "pa",
      columns: [.init("Mode", ".spec.mtls.mode"), age]),
    istioType("RequestAuthentication", "requestauthentications", "security", ["v1", "v1beta1"], short: "ra"),
  ]

  private static let all = ["v1", "v1beta1", "v1alpha3"]

  private static func istioType(
    _ kind: String, _ plural: String, _ family: String, _ versions: [String], short: String? = nil,
    columns: [ResourceType.Column] = []
  ) -> ResourceType {
    ResourceType(
      kind, plural, group: "\(family).istio.io", versions: versions, shortNames: short.map { [$0] } ?? [],
      categories: ["istio-io", "\(family)-istio-io"], isCustom: true,
      columns: columns.isEmpty ? [age] : columns, schema: .named("istio.\(kind)"))
  }
}
