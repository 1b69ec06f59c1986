extension ResourceTypes {
  /// The kinds of Linkerd, as its own custom resource definitions declare them.
  static let linkerd: [ResourceType] = [
    ResourceType(
      "AuthorizationPolicy", "authorizationpolicies", group: "policy.linkerd.io", versions: ["v1alpha1"],
      shortNames: ["authzpolicy"], categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.AuthorizationPolicy")),
    ResourceType(
      "EgressNetwork", "egressnetworks", group: "policy.linkerd.io", versions: ["v1alpha1"], shortNames: [],
      categories: ["policy"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.EgressNetwork")),
    ResourceType(
      "ExternalWorkload", "externalworkloads", group: "workload.linkerd.io", versions: ["v1beta1", "v1alpha1"],
      shortNames: [], categories: ["external"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Identity", ".spec.meshTLS.identity"), .init("Age", ".metadata.creationTimestamp", type: "date"),
      ],
      schema: .named("Linkerd.ExternalWorkload")),
    ResourceType(
      "HTTPLocalRateLimitPolicy", "httplocalratelimitpolicies", group: "policy.linkerd.io", versions: ["v1alpha1"],
      shortNames: [], categories: [],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Target_kind", ".spec.targetRef.kind"), .init("Target_name", ".spec.targetRef.name"),
        .init("Total_RPS", ".spec.total.requestsPerSecond", type: "integer"),
        .init("Identity_RPS", ".spec.identity.requestsPerSecond", type: "integer"),
      ],
      schema: .named("Linkerd.HTTPLocalRateLimitPolicy")),
    ResourceType(
      "HTTPRoute", "httproutes", group: "policy.linkerd.io", versions: ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"],
      shortNames: [], categories: [],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Hostnames", ".spec.hostnames"), .init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.HTTPRoute")),
    ResourceType(
      "MeshTLSAuthentication", "meshtlsauthentications", group: "policy.linkerd.io", versions: ["v1alpha1"],
      shortNames: ["meshtlsauthn"], categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.MeshTLSAuthentication")),
    ResourceType(
      "NetworkAuthentication", "networkauthentications", group: "policy.linkerd.io", versions: ["v1alpha1"],
      shortNames: ["netauthn", "networkauthn"], categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.NetworkAuthentication")),
    ResourceType(
      "ServerAuthorization", "serverauthorizations", group: "policy.linkerd.io", versions: ["v1beta1", "v1alpha1"],
      shortNames: ["saz", "serverauthz", "srvauthz"], categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Server", ".spec.server.name")],
      schema: .named("Linkerd.ServerAuthorization")),
    ResourceType(
      "Server", "servers", group: "policy.linkerd.io", versions: ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"],
      shortNames: ["srv"], categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [
        .init("Port", ".spec.port"), .init("Protocol", ".spec.proxyProtocol"),
        .init("Access Policy", ".spec.accessPolicy"),
      ],
      schema: .named("Linkerd.Server")),
    ResourceType(
      "ServiceProfile", "serviceprofiles", group: "linkerd.io", versions: ["v1alpha2", "v1alpha1"], shortNames: ["sp"],
      categories: [],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("Linkerd.ServiceProfile")),
  ]
}
