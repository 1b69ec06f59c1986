import MeshModel
import MeshTransport

/// The token that this machine's metadata server gives: Compute Engine, GKE, Cloud Run.
///
/// Source: google-auth `compute_engine/_metadata.py`; Compute Engine, "VM metadata": every request and every answer has
/// the field `Metadata-Flavor: Google`.
struct GoogleMetadata: Sendable {
  let variables: [String: String]
  let means: GoogleIdentity.Means

  private static let short = Deadlines(
    connect: .seconds(1), tls: .seconds(1), firstByte: .seconds(2), idle: .seconds(2), total: .seconds(4))

  /// The token of the machine's service account; `nil` where there is no such server.
  func token() async throws(MeshError) -> GoogleToken? {
    if variables["NO_GCE_CHECK"]?.lowercased() == "true" { return nil }
    let account = "instance/service-accounts/default/"
    guard let email = try await get(account + "email") else { return nil }
    let what = "ask the metadata server for a token"
    guard let answer = try await get(account + "token?scopes=" + PercentCoding.encode(GoogleIdentity.scope)),
      let json = try? JSONValue(parsing: answer), let value = json["access_token"]?.string, !value.isEmpty
    else {
      throw MeshError(.malformed, "\(what): the answer holds none", remedy: "check this machine's service account")
    }
    return GoogleToken(
      value: Secret(value), expires: json["expires_in"]?.double.map { Double(means.clock.wallSeconds()) + $0 },
      source: "metadata server", account: email)
  }

  private func get(_ path: String) async throws(MeshError) -> String? {
    let host = variables["GCE_METADATA_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? "metadata.google.internal"
    let what = "ask the metadata server"
    var request = HTTPRequest(
      .get, "http://\(host)/computeMetadata/v1/\(path)", headers: ["Metadata-Flavor": "Google"], deadlines: Self.short)
    request.isForCredentials = true
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await means.transport(ConnectionSettings(proxy: .none)).send(request)
    } catch {
      let error = MeshError(error, what, plane: "")
      // No such machine: this is none of Google's.
      if error.code == .unreachable || error.code == .unknownOutcome { return nil }
      throw error
    }
    guard response.headers["Metadata-Flavor"] == "Google" else { return nil }
    if response.status == 404 { return nil }
    guard response.isSuccess else {
      throw MeshError(
        .unauthenticated, "\(what): it answers \(response.status)", remedy: "check this machine's service account")
    }
    return String(decoding: response.body, as: UTF8.self).filter { !$0.isNewline }
  }
}
