import MeshModel
import MeshTransport

/// The token that the machine itself gives: App Service's and Container Apps' endpoint, or an instance's metadata.
///
/// Sources: Microsoft Entra, "How to use managed identities on an Azure VM to acquire an access token"; App Service,
/// "Connect to Azure services with managed identity" (REST endpoint reference).
struct AzureManagedIdentity: Sendable {
  let environment: AzureEnvironment
  let options: Session.Options

  private static let short = Deadlines(
    connect: .seconds(1), tls: .seconds(1), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(8))

  /// The machine's token; `nil` where it has no identity to give.
  func token() async throws(MeshError) -> AzureToken? {
    guard let endpoint = environment["IDENTITY_ENDPOINT"] else { return try await instance() }
    guard let header = environment["IDENTITY_HEADER"], environment["IDENTITY_SERVER_THUMBPRINT"] == nil else {
      throw MeshError(
        .unauthenticated,
        environment["IDENTITY_HEADER"] == nil
          ? "IDENTITY_ENDPOINT is set and IDENTITY_HEADER is not: Azure Arc's challenge is not answered here"
          : "the managed identity of a Service Fabric node needs a certificate pinned by thumbprint, which is not done here",
        remedy: "use a client secret, a workload identity or the az command")
    }
    guard let target = try? TargetURL(parsing: endpoint), target.isLoopback || target.isLinkLocalOrSecure else {
      throw MeshError(
        .unauthenticated, "IDENTITY_ENDPOINT leads to another machine over plain http",
        remedy: "only this machine's own endpoint is asked so")
    }
    let what = "ask the managed identity endpoint"
    let response = try await send(
      endpoint, [("api-version", "2019-08-01")], ["X-IDENTITY-HEADER": header, "Accept": "application/json"], what)
    guard response.isSuccess else { throw refusal(what, response) }
    return try token(response, what, source: "managed identity of the service")
  }

  /// The token of a virtual machine; `nil` where there is no such service, or it is not Azure's.
  private func instance() async throws(MeshError) -> AzureToken? {
    var base = environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] ?? "http://169.254.169.254"
    while base.hasSuffix("/") { base.removeLast() }
    let what = "ask the instance's metadata"
    let response: HTTPResponse
    do throws(MeshError) {
      response = try await send(
        base + "/metadata/identity/oauth2/token", [("api-version", "2018-02-01")],
        ["Metadata": "true", "Accept": "application/json"], what)
    } catch {
      // No such machine: this is no instance.
      if error.code == .unreachable || error.code == .unknownOutcome { return nil }
      throw error
    }
    if response.isSuccess { return try token(response, what, source: "managed identity of the instance") }
    // Another cloud's metadata answers at the same address, and an instance without an identity says so with 400.
    let isAzures = (try? JSONValue(parsing: response.body))?["error"] != nil
    if response.status == 404 || response.status == 400 || !isAzures { return nil }
    throw refusal(what, response)
  }

  private func token(_ response: HTTPResponse, _ what: String, source: String) throws(MeshError) -> AzureToken {
    let name = environment["AZURE_CLIENT_ID"].map { "\(source), client \($0)" } ?? source
    return try AzureToken(document: response.body, what: what, source: name, now: options.clock.wallSeconds())
  }

  private func refusal(_ what: String, _ response: HTTPResponse) -> MeshError {
    let words = (try? JSONValue(parsing: response.body))?["error_description"]?.string
    return MeshError(
      response.status == 429 || response.status >= 500 ? .unreachable : .unauthenticated,
      "\(what): \(words ?? "it answers \(response.status)")", remedy: "check the managed identity of this machine")
  }

  private func send(
    _ url: String, _ version: [(String, String?)], _ headers: HTTPHeaders, _ what: String
  ) async throws(MeshError) -> HTTPResponse {
    var query = version + [("resource", environment.audience)]
    if let client = environment["AZURE_CLIENT_ID"] { query.append(("client_id", client)) }
    let mark = url.contains("?") ? "&" : "?"
    var request = HTTPRequest(
      .get, url + mark + PercentCoding.query(query), headers: headers, deadlines: Self.short)
    request.isForCredentials = true
    do throws(TransportError) {
      return try await options.transport(ConnectionSettings(proxy: .none)).send(request)
    } catch {
      throw MeshError(error, what, plane: "", address: "check IDENTITY_ENDPOINT").ofNoPlane
    }
  }
}

extension TargetURL {
  /// Whether what is asked there stays on the machine's own link or is encrypted.
  fileprivate var isLinkLocalOrSecure: Bool { scheme == "https" || host.hasPrefix("169.254.") }
}
