import MeshModel

/// A refusal as App Mesh words it: a code in a header, a message in the body. Source: AWS App Mesh API reference, "Common
/// errors" and the errors of each operation.
struct AppMeshFailure: Error, Hashable {
  var status: Int
  var code: String
  var message: String

  init(_ status: Int, _ code: String, _ message: String) {
    (self.status, self.code, self.message) = (status, code, message)
  }

  static func badRequest(_ message: String) -> AppMeshFailure { AppMeshFailure(400, "BadRequestException", message) }

  static func notFound(_ place: AppMeshPlace) -> AppMeshFailure {
    AppMeshFailure(404, "NotFoundException", "\(place.type.rawValue) \(place.name) was not found in mesh \(place.mesh)")
  }

  /// The answer to a caller of the JSON protocols.
  var answer: PlainAnswer {
    let body: JSONValue = ["message": .string(message), "__type": .string(code)]
    var answer = PlainAnswer.json(body, status: status)
    answer.headers.append(("x-amzn-ErrorType", code))
    return answer
  }
}

/// The look of a signature: the embedded mesh takes any that is well-formed, for it knows no secrets.
///
/// Source: AWS General Reference, "Signature Version 4": `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request,
/// SignedHeaders=…, Signature=` and 64 hexadecimal digits.
enum AppMeshSignature {
  /// The access key that a request is signed with.
  ///
  /// - Parameter services: The names it may be signed for.
  static func key(of request: PlainRequest, for services: [String]) throws(AppMeshFailure) -> String {
    guard let header = request.header("Authorization") else {
      throw AppMeshFailure(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    }
    func part(_ name: String) -> Substring? {
      header.split(whereSeparator: { $0 == "," || $0 == " " }).first { $0.hasPrefix(name + "=") }?.dropFirst(
        name.count + 1)
    }
    let scope = (part("Credential") ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let signature = part("Signature") ?? ""
    let isHex = signature.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard header.hasPrefix("AWS4-HMAC-SHA256 "), scope.count == 5, scope.last == "aws4_request",
      scope.allSatisfy({ !$0.isEmpty }),
      signature.utf8.count == 64, isHex, part("SignedHeaders")?.split(separator: ";").contains("host") == true
    else {
      throw AppMeshFailure(403, "IncompleteSignatureException", "Authorization header requires a Signature Version 4")
    }
    guard services.contains(scope[3]) else {
      throw AppMeshFailure(
        403, "InvalidSignatureException", "Credential should be scoped to correct service: '\(services[0])'.")
    }
    return scope[0]
  }
}
