/// The labels of Linkerd's proxy metrics, with those its own scrape configuration adds, as exposition text prints them.
///
/// Source: Linkerd, "Proxy Metrics".
struct LinkerdLabels {
  let trustDomain: String

  /// What every series of a workload's proxies begins with: what the scrape configuration adds.
  static func own(namespace: String, workload: String) -> String {
    "namespace=\"\(namespace)\",deployment=\"\(workload)\","
  }

  /// Responses that a caller's proxy saw.
  func outbound(_ caller: Instance, _ outcome: Outcome, authority: String, isGRPC: Bool) -> String {
    edge(caller, outcome, authority: authority) + "," + Self.result(outcome, isGRPC: isGRPC)
  }

  /// Responses that a server's proxy gave.
  func inbound(_ caller: Instance, _ outcome: Outcome, at server: Destination, authority: String, isGRPC: Bool)
    -> String
  {
    inboundEdge(caller, outcome, at: server, authority: authority) + "," + Self.result(outcome, isGRPC: isGRPC)
  }

  /// The connections of an edge as the caller's proxy counts them.
  func outboundStream(_ caller: Instance, _ outcome: Outcome, authority: String) -> String {
    edge(caller, outcome, authority: authority) + ",peer=\"dst\""
  }

  /// The connections of an edge as the server's proxy counts them.
  func inboundStream(_ caller: Instance, _ outcome: Outcome, at server: Destination, authority: String) -> String {
    inboundEdge(caller, outcome, at: server, authority: authority) + ",peer=\"src\""
  }

  /// What one backend of a route answered.
  func backend(
    _ caller: Instance, _ outcome: Outcome, parent: RegistryService, origin: RouteOrigin, isGRPC: Bool
  ) -> String {
    let status =
      isGRPC
      ? "grpc_status=\"\(GRPCStatus.name(outcome.grpcStatus))\"" : "http_status=\"\(outcome.code)\""
    return backendEdge(caller, outcome, parent: parent, origin: origin) + ",\(status),error=\"\""
  }

  /// A backend of a route, without what it answered.
  func backendEdge(_ caller: Instance, _ outcome: Outcome, parent: RegistryService, origin: RouteOrigin) -> String {
    let backend = outcome.service ?? parent
    func reference(_ role: String, _ service: RegistryService) -> String {
      "\(role)_group=\"core\",\(role)_kind=\"Service\",\(role)_namespace=\"\(service.namespace)\","
        + "\(role)_name=\"\(service.name)\",\(role)_port=\"\(service.ports.first?.number ?? 0)\","
        + "\(role)_section_name=\"\""
    }
    return Self.own(namespace: caller.namespace, workload: caller.workload)
      + reference("parent", parent)
      + ",route_group=\"\(origin.group)\",route_kind=\"\(origin.kind)\",route_namespace=\"\(origin.namespace)\","
      + "route_name=\"\(origin.name)\"," + reference("backend", backend)
  }

  private func edge(_ caller: Instance, _ outcome: Outcome, authority: String) -> String {
    var text =
      Self.own(namespace: caller.namespace, workload: caller.workload)
      + "direction=\"outbound\",authority=\"\(authority)\","
    if outcome.isMutualTLS, let server = outcome.destination {
      text += "tls=\"true\",server_id=\"\(identity(server))\""
    } else {
      text += "tls=\"no_identity\",no_tls_reason=\"not_provided_by_service_discovery\""
    }
    if let server = outcome.destination, server.isNamed {
      let kind = server.isExternalWorkload ? "external_workload" : "deployment"
      text += ",dst_namespace=\"\(server.namespace)\",dst_\(kind)=\"\(server.workload)\","
      text += "dst_service=\"\(outcome.service?.name ?? "")\""
      if !server.serviceAccount.isEmpty { text += ",dst_serviceaccount=\"\(server.serviceAccount)\"" }
    }
    return text
  }

  private func inboundEdge(_ caller: Instance, _ outcome: Outcome, at server: Destination, authority: String) -> String
  {
    let client =
      outcome.isMutualTLS
      ? "tls=\"true\",client_id=\"\(LinkerdConfiguration.identity(of: caller, trustDomain: trustDomain))\""
      : "tls=\"no_identity\",no_tls_reason=\"no_tls_from_remote\""
    return Self.own(namespace: server.namespace, workload: server.workload)
      + "direction=\"inbound\",authority=\"\(authority)\",\(client)"
  }

  private func identity(_ server: Destination) -> String {
    server.identity
      ?? LinkerdConfiguration.identity(
        account: server.serviceAccount, namespace: server.namespace, trustDomain: trustDomain)
  }

  private static func result(_ outcome: Outcome, isGRPC: Bool) -> String {
    // 4xx are the caller's fault (Linkerd, "Proxy Metrics": `classification`).
    let fails = outcome.code == 0 || outcome.code >= 500 || (isGRPC && !["", "0"].contains(outcome.grpcStatus))
    var text = outcome.code == 0 ? "" : "status_code=\"\(outcome.code)\","
    if isGRPC { text += "grpc_status=\"\(outcome.grpcStatus)\"," }
    return text + "classification=\"\(fails ? "failure" : "success")\""
  }
}
