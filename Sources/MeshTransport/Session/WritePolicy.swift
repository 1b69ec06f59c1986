/// Whether a session may change anything at its server.
public enum WritePolicy: Sendable, Hashable {
  /// Requests of every method pass.
  case allowed
  /// Only requests that change nothing pass; the reason is told to who tries.
  case refused(reason: String)

  /// Resources that are created to ask a question about oneself and store nothing.
  private static let questions: [String: Set<String>] = [
    "authorization.k8s.io": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    "authentication.k8s.io": ["selfsubjectreviews"],
  ]

  /// Google's methods that are asked by POST and change nothing. Source: google-cloud-compute 1.57, `get_health` and
  /// `list_network_endpoints`; Cloud Resource Manager v1, `testIamPermissions`.
  private static func isGoogleQuestion(_ parts: [String]) -> Bool {
    guard let last = parts.last else { return false }
    if parts.starts(with: ["", "compute", "v1", "projects"]) {
      return parts.count > 6 && ["getHealth", "listNetworkEndpoints"].contains(last)
    }
    return parts.starts(with: ["", "v1", "projects"]) && parts.count == 4 && last.hasSuffix(":testIamPermissions")
  }

  /// Calls by POST that only ask: discovery of Envoy's protocol and of the status of its clients.
  private static let inquiries: Set<String> = [
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    "/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus",
    "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus",
    "/v3/discovery:listeners", "/v3/discovery:routes", "/v3/discovery:clusters", "/v3/discovery:endpoints",
    "/v3/discovery:client_status",
  ]

  /// Throws `readOnly` for a request that would change something. `path` is relative to the session's base, so that
  /// nothing behind a proxy of the server passes for one of the questions.
  func check(_ request: HTTPRequest, path: String, origin: String) throws(TransportError) {
    guard case .refused(let reason) = self else { return }
    let disguised = request.headers.fields.contains { ASCII.lowercased($0.name).hasSuffix("-method-override") }
    if request.method == .get || request.method == .head, !disguised { return }
    if request.method == .post, !disguised, Self.inquiries.contains(path) { return }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let isQuestion =
      parts.count == 5 && parts[0].isEmpty && parts[1] == "apis" && Self.questions[parts[2]]?.contains(parts[4]) == true
    if request.method == .post, !disguised, isQuestion || Self.isGoogleQuestion(parts) { return }
    throw TransportError(
      .readOnly, "\(request.method.rawValue) refused: \(reason)", origin: origin,
      remedy: "allow writing for this context")
  }
}
