import Foundation
import MeshModel
import MeshTransport

/// The Security Token Service: roles assumed, and the question who one is.
///
/// Source: AWS STS API reference 2011-06-15 (query protocol, answers in XML).
struct AWSRoles: Sendable {
  let endpoint: String
  let region: String
  let means: AWSIdentity.Means

  init(identity: AWSIdentity) {
    endpoint = identity.stsEndpoint
    region = identity.region
    means = identity.means
  }

  /// A role to assume.
  struct Role: Sendable {
    var arn: String
    var session: String?
    var externalID: String?
    var seconds: Int?
    /// Who asks, in words.
    var source: String
  }

  /// Who the server says one is.
  struct Caller: Sendable, Hashable {
    var arn: String
    var account: String
  }

  /// The keys of a role, assumed with others.
  func assume(_ role: Role, with keys: AWSKeys) async throws(MeshError) -> AWSKeys {
    var fields = fields(of: role, action: "AssumeRole")
    if let id = role.externalID { fields.append(("ExternalId", id)) }
    return try issued(try await ask(fields, keys: keys, what: "assume \(role.arn)").text, of: role)
  }

  /// The keys of a role, assumed with the token in a file.
  func assume(_ role: Role, tokenFile path: String) async throws(MeshError) -> AWSKeys {
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else {
      throw MeshError(
        .unauthenticated, "the web identity token \(path) cannot be read", remedy: "check its permissions")
    }
    var fields = fields(of: role, action: "AssumeRoleWithWebIdentity")
    fields.append(
      ("WebIdentityToken", String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
    return try issued(try await ask(fields, keys: nil, what: "assume \(role.arn)").text, of: role)
  }

  /// Who one is with some keys, and what the server's clock says.
  func caller(_ keys: AWSKeys) async throws(MeshError) -> (Caller, HTTPHeaders) {
    let (text, headers) = try await ask([("Action", "GetCallerIdentity")], keys: keys, what: "ask STS who we are")
    guard let arn = AWSXML.text("Arn", in: text) else {
      throw MeshError(.malformed, "ask STS who we are: the answer names nobody")
    }
    return (Caller(arn: arn, account: AWSXML.text("Account", in: text) ?? ""), headers)
  }

  private func fields(of role: Role, action: String) -> [(String, String)] {
    var fields = [
      ("Action", action), ("RoleArn", role.arn), ("RoleSessionName", role.session ?? "meshdeck"),
    ]
    if let seconds = role.seconds { fields.append(("DurationSeconds", String(seconds))) }
    return fields
  }

  private func issued(_ text: String, of role: Role) throws(MeshError) -> AWSKeys {
    guard let access = AWSXML.text("AccessKeyId", in: text), let secret = AWSXML.text("SecretAccessKey", in: text)
    else { throw MeshError(.malformed, "assume \(role.arn): the answer holds no keys") }
    return AWSKeys(
      accessKey: access, secretKey: Secret(secret),
      sessionToken: AWSXML.text("SessionToken", in: text).map { Secret($0) },
      expires: AWSXML.text("Expiration", in: text).flatMap(RFC3339.parse)?.seconds,
      source: "role \(role.arn) through \(role.source)")
  }

  private func ask(
    _ fields: [(String, String)], keys: AWSKeys?, what: String
  ) async throws(MeshError) -> (text: String, headers: HTTPHeaders) {
    var options = Session.Options()
    options.transport = means.transport
    options.clock = means.clock
    if let keys {
      options.credentials = FixedCredential(Credential(awsSigning: keys.signing(region: region, service: "sts")))
    }
    let body = PercentCoding.query(fields.map { ($0.0, Optional($0.1)) } + [("Version", "2011-06-15")])
    let response: HTTPResponse
    do throws(TransportError) {
      let session = try Session(base: endpoint, options: options)
      // Asking twice does no harm: a role assumed and not used ends by itself.
      var request = session.request(
        .post, "/", headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
        body: Array(body.utf8), deadlines: .read, idempotent: true)
      request.isForCredentials = true
      response = try await session.send(request)
    } catch {
      throw MeshError(aws: error, what, plane: "")
    }
    guard response.isSuccess else {
      var error = AWSFailure(response).error(what, plane: "")
      error.plane = nil
      throw error
    }
    return (String(decoding: response.body, as: UTF8.self), response.headers)
  }
}

extension MeshError {
  /// The failure of a request to AWS that got no complete answer.
  init(aws error: TransportError, _ what: String, plane: PlaneName, object: ObjectRef? = nil) {
    self.init(
      error, what, plane: plane, object: object, address: "check the plane's endpoint, or AWS_ENDPOINT_URL")
    if plane.isEmpty { self.plane = nil }
  }
}
