extension ResourceTypes {
  /// The kinds of the Gateway API, as its own custom resource definitions declare them.
  static let gatewayAPI: [ResourceType] = [
    ResourceType(
      "BackendTLSPolicy", "backendtlspolicies", group: "gateway.networking.k8s.io", versions: ["v1"],
      shortNames: ["btlspolicy"], categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.BackendTLSPolicy")),
    ResourceType(
      "GatewayClass", "gatewayclasses", group: "gateway.networking.k8s.io", versions: ["v1", "v1beta1"],
      shortNames: ["gc"], categories: ["gateway-api"],
      isNamespaced: false, isCustom: true, subresources: ["status"],
      columns: [
        .init("Controller", ".spec.controllerName"),
        .init("Accepted", ".status.conditions[?(@.type==\"Accepted\")].status"),
        .init("Age", ".metadata.creationTimestamp", type: "date"),
        .init("Description", ".spec.description", priority: 1),
      ],
      schema: .named("GatewayAPI.GatewayClass")),
    ResourceType(
      "Gateway", "gateways", group: "gateway.networking.k8s.io", versions: ["v1", "v1beta1"], shortNames: ["gtw"],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Class", ".spec.gatewayClassName"), .init("Address", ".status.addresses[*].value"),
        .init("Programmed", ".status.conditions[?(@.type==\"Programmed\")].status"),
        .init("Age", ".metadata.creationTimestamp", type: "date"),
      ],
      schema: .named("GatewayAPI.Gateway")),
    ResourceType(
      "GRPCRoute", "grpcroutes", group: "gateway.networking.k8s.io", versions: ["v1"], shortNames: [],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Hostnames", ".spec.hostnames"), .init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.GRPCRoute")),
    ResourceType(
      "HTTPRoute", "httproutes", group: "gateway.networking.k8s.io", versions: ["v1", "v1beta1"], shortNames: [],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Hostnames", ".spec.hostnames"), .init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.HTTPRoute")),
    ResourceType(
      "ListenerSet", "listenersets", group: "gateway.networking.k8s.io", versions: ["v1"], shortNames: ["lset"],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.ListenerSet")),
    ResourceType(
      "ReferenceGrant", "referencegrants", group: "gateway.networking.k8s.io", versions: ["v1", "v1beta1"],
      shortNames: ["refgrant"], categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.ReferenceGrant")),
    ResourceType(
      "TCPRoute", "tcproutes", group: "gateway.networking.k8s.io", versions: ["v1"], shortNames: [],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.TCPRoute")),
    ResourceType(
      "TLSRoute", "tlsroutes", group: "gateway.networking.k8s.io", versions: ["v1"], shortNames: [],
      categories: ["gateway-api"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
      schema: .named("GatewayAPI.TLSRoute")),
  ]
}
