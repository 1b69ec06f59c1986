import Foundation
import MeshModel
import MeshTransport

/// Keys that the machine itself gives: a container's endpoint (ECS, EKS) and an instance's metadata (EC2, IMDSv2 alone).
///
/// Sources: Amazon ECS and EKS developer guides, "container credential provider"; Amazon EC2 user guide, "IMDSv2".
struct AWSMetadata: Sendable {
  let variables: [String: String]
  let means: AWSIdentity.Means

  /// Where the container's endpoint may be reached without TLS. Source: botocore `ContainerMetadataFetcher`.
  private static let plainHosts: Set<String> = [
    "169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1",
  ]

  /// The keys of a container; `nil` outside of one.
  func container() async throws(MeshError) -> AWSKeys? {
    let url: String
    if let path = variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !path.isEmpty {
      url = "http://169.254.170.2" + (path.hasPrefix("/") ? path : "/" + path)
    } else if let full = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !full.isEmpty {
      let host = (try? TargetURL(parsing: full))?.host ?? ""
      guard full.hasPrefix("https://") || Self.plainHosts.contains(host) else {
        throw MeshError(
          .unauthenticated, "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to \(host) over plain http",
          remedy: "only this machine and the container agent are asked so")
      }
      url = full
    } else {
      return nil
    }
    var headers: HTTPHeaders = ["Accept": "application/json"]
    if let path = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else {
        throw MeshError(.unauthenticated, "the container's token \(path) cannot be read")
      }
      headers["Authorization"] = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    } else if let token = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
      headers["Authorization"] = token
    }
    let what = "ask the container's credential endpoint"
    let response = try await send(HTTPRequest(.get, url, headers: headers, deadlines: Self.short), what)
    guard response.isSuccess else { throw AWSMetadata.refusal(what, response.status) }
    return try AWSKeys(document: response.body, what: what, source: "container")
  }

  /// The keys of an instance's role; `nil` where there is no such service or it is switched off.
  func instance() async throws(MeshError) -> AWSKeys? {
    if variables["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
    var base = variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254"
    while base.hasSuffix("/") { base.removeLast() }
    let what = "ask the instance's metadata"
    let ticket: HTTPResponse
    do throws(MeshError) {
      ticket = try await send(
        HTTPRequest(
          .put, base + "/latest/api/token", headers: ["X-aws-ec2-metadata-token-ttl-seconds": "21600"],
          deadlines: Self.short), what)
    } catch {
      // No such machine: this is no instance.
      if error.code == .unreachable || error.code == .unknownOutcome { return nil }
      throw error
    }
    // Version 1 of the service, which hands keys to any request, is not asked.
    guard ticket.isSuccess else { throw AWSMetadata.refusal(what, ticket.status) }
    let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": String(decoding: ticket.body, as: UTF8.self)]
    let path = base + "/latest/meta-data/iam/security-credentials/"
    let roles = try await send(HTTPRequest(.get, path, headers: headers, deadlines: Self.short), what)
    guard roles.status != 404 else { return nil }
    guard roles.isSuccess,
      let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
    else { throw AWSMetadata.refusal(what, roles.status) }
    let answer = try await send(
      HTTPRequest(.get, path + PercentCoding.encode(String(role)), headers: headers, deadlines: Self.short), what)
    guard answer.isSuccess else { throw AWSMetadata.refusal(what, answer.status) }
    return try AWSKeys(document: answer.body, what: what, source: "instance role \(role)")
  }

  private static let short = Deadlines(
    connect: .seconds(1), tls: .seconds(1), firstByte: .seconds(2), idle: .seconds(2), total: .seconds(4))

  private static func refusal(_ what: String, _ status: Int) -> MeshError {
    MeshError(.unauthenticated, "\(what): it answers \(status)", remedy: "check the role of this machine")
  }

  private func send(_ request: HTTPRequest, _ what: String) async throws(MeshError) -> HTTPResponse {
    var request = request
    request.isForCredentials = true
    do throws(TransportError) {
      return try await means.transport(ConnectionSettings(proxy: .none)).send(request)
    } catch {
      throw MeshError(aws: error, what, plane: "")
    }
  }
}

extension AWSKeys {
  /// Keys from the JSON that metadata endpoints give; names as in `AccessKeyId`, `Token`, `Expiration`.
  init(document: [UInt8], what: String, source: String) throws(MeshError) {
    guard let json = try? JSONValue(parsing: document), let access = json["AccessKeyId"]?.string,
      let secret = json["SecretAccessKey"]?.string
    else { throw MeshError(.malformed, "\(what): the answer holds no keys") }
    let token = json["Token"]?.string ?? json["SessionToken"]?.string
    self.init(
      accessKey: access, secretKey: Secret(secret), sessionToken: token.map { Secret($0) },
      expires: json["Expiration"]?.string.flatMap(RFC3339.parse)?.seconds, source: source)
  }
}
