import MeshModel
import MeshTransport

extension KubernetesClient {
  /// A question to `SelfSubjectAccessReview`.
  struct AccessQuestion: Sendable, Hashable {
    var verb: String
    var group: String
    var plural: String
    var namespace: String = ""
    var name: String = ""
    var subresource: String = ""
  }

  /// The server's version text and the head of its answer.
  func version() async throws(MeshError) -> (version: String, headers: HTTPHeaders) {
    let response = try await send(.get, "/version", what: "get the server's version")
    let json = try tree(response, what: "get the server's version")
    return (json["gitVersion"]?.string ?? "unknown version", response.headers)
  }

  /// Whether the server may tell a list as the beginning of a watch. One before 1.27 takes the question for that of an ordinary
  /// watch, later ones before 1.32 refuse it unless told otherwise. Source: Kubernetes, feature gate `WatchList`.
  func mayStreamLists() async -> Bool {
    guard let version = try? await version().version else { return false }
    let numbers = version.drop { !$0.isNumber }.split(separator: ".").prefix(2).map {
      Int($0.prefix { $0.isNumber }) ?? 0
    }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (1, 32)
  }

  /// Whether the operator may do something, as far as the server can tell beforehand.
  func permits(_ question: AccessQuestion) async throws(MeshError) -> Capabilities.Answer {
    var attributes: JSONValue = ["verb": .string(question.verb), "resource": .string(question.plural)]
    if !question.group.isEmpty { attributes["group"] = .string(question.group) }
    if !question.namespace.isEmpty { attributes["namespace"] = .string(question.namespace) }
    if !question.name.isEmpty { attributes["name"] = .string(question.name) }
    if !question.subresource.isEmpty { attributes["subresource"] = .string(question.subresource) }
    let json = try await ask(
      "authorization.k8s.io/v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview",
      ["resourceAttributes": attributes])
    if json["status"]?["allowed"]?.bool == true { return .yes }
    let reason = json["status"]?["reason"]?.string ?? ""
    let place = question.namespace.isEmpty ? "" : " in \(question.namespace)"
    return .no("not permitted to \(question.verb) \(question.plural)\(place)\(reason.isEmpty ? "" : ": \(reason)")")
  }

  /// Who the server takes us for; `nil` where it does not tell (before Kubernetes 1.26).
  func identity() async throws(MeshError) -> (user: String, groups: [String])? {
    for version in ["v1", "v1beta1", "v1alpha1"] {
      do {
        let json = try await ask(
          "authentication.k8s.io/\(version)", "selfsubjectreviews", "SelfSubjectReview", nil)
        let info = json["status"]?["userInfo"]
        return (info?["username"]?.string ?? "", info?["groups"]?.array?.compactMap(\.string) ?? [])
      } catch  where error.code == .notFound {
        continue
      }
    }
    return nil
  }

  private func ask(
    _ apiVersion: String, _ plural: String, _ kind: String, _ spec: JSONValue?
  ) async throws(MeshError) -> JSONValue {
    var body: JSONValue = ["apiVersion": .string(apiVersion), "kind": .string(kind)]
    if let spec { body["spec"] = spec }
    let what = kind == "SelfSubjectReview" ? "ask who we are" : "ask for permissions"
    let response = try await send(
      .post, "/apis/\(apiVersion)/\(plural)", contentType: Self.json, body: JSONWriter.bytes(body), what: what,
      isQuestion: true)
    return try tree(response, what: what)
  }
}
