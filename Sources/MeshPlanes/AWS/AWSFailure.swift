import MeshModel
import MeshTransport

/// What AWS answered in place of a result: a code, its words, and what an operator can do about it.
///
/// Sources: botocore `data/appmesh/2019-01-25/service-2.json` (error shapes); AWS General Reference, "Common errors"; moto
/// names errors `MeshNotFound` with status 400 where AWS says `NotFoundException` with 404.
struct AWSFailure: Sendable, Hashable {
  let status: Int
  let code: String
  let words: String

  init(_ response: HTTPResponse) {
    status = response.status
    var code = response.headers["x-amzn-ErrorType"] ?? ""
    var words = ""
    if let json = try? JSONValue(parsing: response.body) {
      if code.isEmpty { code = json["__type"]?.string ?? json["code"]?.string ?? "" }
      words = json["message"]?.string ?? json["Message"]?.string ?? ""
    } else {
      // Some refusals, such as that of a signature, are XML even where the service speaks JSON.
      let text = String(decoding: response.body.prefix(8192), as: UTF8.self)
      if code.isEmpty { code = AWSXML.text("Code", in: text) ?? "" }
      words = AWSXML.text("Message", in: text) ?? ""
    }
    // `com.amazonaws#Name` and `Name:http://…` both mean Name.
    code = code.split(separator: "#").last.map(String.init) ?? code
    self.code = code.split(separator: ":").first.map(String.init) ?? code
    self.words = words
  }

  /// Whether the keys have ended, so that new ones may help.
  var isExpired: Bool {
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(code)
  }

  /// Whether the signature's time was not the server's.
  var isSkewed: Bool {
    code == "RequestTimeTooSkewed"
      || ["InvalidSignatureException", "SignatureDoesNotMatch"].contains(code)
        && (words.contains("Signature expired") || words.contains("not yet current"))
  }

  /// Whether too much was asked in too short a time.
  var isThrottled: Bool {
    status == 429
      || ["TooManyRequestsException", "Throttling", "ThrottlingException", "RequestLimitExceeded"].contains(code)
  }

  /// Whether the endpoint does not have the path at all, as an emulator that lacks a kind.
  var isUnserved: Bool { status == 404 && code.isEmpty }

  /// The failure in the words an operator needs; of a write that a failing server may have stored all the same, that its
  /// outcome is not known.
  func error(_ what: String, plane: PlaneName, object: ObjectRef? = nil, isWrite: Bool = false) -> MeshError {
    let said = [code, words].filter { !$0.isEmpty }.joined(separator: ": ")
    let answer = said.isEmpty ? "answers \(status)" : said
    func made(_ code: MeshError.Code, _ message: String, _ remedy: String?) -> MeshError {
      MeshError(code, "\(what): \(message)", plane: plane, object: object, remedy: remedy)
    }
    if isSkewed {
      return made(
        .unauthenticated, "AWS refuses the signature's time (\(answer))",
        "set this machine's clock: signatures are believed for 5 minutes")
    }
    if isExpired {
      return made(.unauthenticated, "the AWS keys have expired (\(answer))", "log in again, or renew the keys")
    }
    if isThrottled { return made(.unreachable, "AWS throttles the calls (\(answer))", "wait a little and try again") }
    switch code {
    case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
      return made(.unauthenticated, "AWS does not know the access key (\(answer))", "correct the profile or the keys")
    case "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature":
      return made(
        .unauthenticated, "AWS refuses the signature (\(answer))",
        "the secret key does not belong to the access key, or the region is another")
    case "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired":
      return made(.unauthenticated, "AWS wants a signature (\(answer))", "give the plane keys; see `planes check`")
    case "AccessDenied", "AccessDeniedException", "ForbiddenException", "UnauthorizedOperation":
      return made(.forbidden, answer, "ask for the permission that it names")
    case "ConflictException", "ResourceInUseException":
      return made(.conflict, answer, code == "ResourceInUseException" ? "delete first what uses it" : "read it again")
    case "LimitExceededException": return made(.refused, answer, "ask AWS for a higher quota, or delete something")
    case "NotFoundException": return made(.notFound, answer, nil)
    case _ where code.hasSuffix("NotFound"): return made(.notFound, answer, nil)
    default: break
    }
    if isUnserved { return made(.notFound, "the endpoint does not serve this (404)", nil) }
    switch status {
    case 401: return made(.unauthenticated, answer, "give the plane keys; see `planes check`")
    case 403: return made(.forbidden, answer, "ask for the permission")
    case 404: return made(.notFound, answer, nil)
    case 409, 412: return made(.conflict, answer, "read it again and repeat the change")
    case 400..<500: return made(.refused, answer, nil)
    default:
      return isWrite
        ? made(.unknownOutcome, answer, "read it back before anything else")
        : made(.unreachable, answer, "try again; see `meshdeck planes check`")
    }
  }
}

/// The few texts that are taken from AWS's XML answers.
enum AWSXML {
  /// The text of the first element of a name that holds nothing but text.
  static func text(_ name: String, in xml: String) -> String? {
    guard let start = xml.firstRange(of: "<\(name)>"), let end = xml[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    var text = String(xml[start.upperBound..<end.lowerBound])
    guard !text.contains("<") else { return nil }
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
      text = text.replacing(entity, with: character)
    }
    return text
  }
}
