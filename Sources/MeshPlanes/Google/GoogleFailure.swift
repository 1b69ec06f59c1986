import MeshModel
import MeshTransport

/// What a Google API answered in place of a result: a status word, its text, and what an operator can do about it.
///
/// Sources: `google.rpc.Status` and `google.rpc.ErrorInfo` as JSON; Compute Engine's older form with `errors[]`, in which
/// a stale fingerprint is 412 `conditionNotMet` (Compute Engine reference, `backendServices.patch`).
struct GoogleFailure: Sendable, Hashable {
  let status: Int
  /// The canonical word, such as `PERMISSION_DENIED`, or Compute Engine's reason, such as `conditionNotMet`.
  let code: String
  let words: String
  /// The reason of an `ErrorInfo`, such as `SERVICE_DISABLED`.
  var reason = ""
  /// The API that an `ErrorInfo` speaks of.
  var service = ""

  init(_ response: HTTPResponse) {
    let json = (try? JSONValue(parsing: response.body)) ?? .null
    let error = json["error"] ?? json[0]?["error"] ?? .null
    self.init(status: response.status, error: error)
  }

  /// The failure in an error object, such as that of an operation that ended badly.
  init(status: Int, error: JSONValue) {
    let first = error["errors"]?[0]
    self.status = status
    code = error["status"]?.string ?? first?["reason"]?.string ?? first?["code"]?.string ?? error.string ?? ""
    words = error["message"]?.string ?? first?["message"]?.string ?? ""
    for detail in error["details"]?.array ?? [] where detail["reason"]?.string != nil {
      reason = detail["reason"]?.string ?? ""
      service = detail["metadata"]?["service"]?.string ?? ""
    }
  }

  /// Whether the API is switched off in the project, so that a kind is a gap and no refusal.
  var isDisabled: Bool { reason == "SERVICE_DISABLED" || code == "accessNotConfigured" }

  /// The failure in the words an operator needs; of a write that a failing server may have stored all the same, that its
  /// outcome is not known.
  func error(_ what: String, plane: PlaneName, object: ObjectRef? = nil, isWrite: Bool = false) -> MeshError {
    let said = [code, words].filter { !$0.isEmpty }.joined(separator: ": ")
    let answer = said.isEmpty ? "answers \(status)" : said
    func made(_ code: MeshError.Code, _ message: String, _ remedy: String?) -> MeshError {
      MeshError(code, "\(what): \(message)", plane: plane, object: object, remedy: remedy)
    }
    if isDisabled {
      let api = service.isEmpty ? "the API" : service
      return made(.notFound, "\(api) is not enabled in the project", "enable it: gcloud services enable \(api)")
    }
    if reason == "USER_PROJECT_DENIED" || words.contains("quota project") {
      return made(
        .forbidden, "Google wants a quota project (\(answer))",
        "run `gcloud auth application-default set-quota-project PROJECT`, or set GOOGLE_CLOUD_QUOTA_PROJECT")
    }
    switch code {
    case "UNAUTHENTICATED", "authError":
      return made(.unauthenticated, "Google does not believe the token (\(answer))", "log in again; see `planes check`")
    case "PERMISSION_DENIED", "forbidden": return made(.forbidden, answer, "ask for the permission that it names")
    case "RESOURCE_EXHAUSTED", "rateLimitExceeded", "quotaExceeded", "userRateLimitExceeded":
      return made(
        .unreachable, "the quota is used up (\(answer))", "wait a minute and try again, or ask for more quota")
    case "ABORTED", "resourceInUseByAnotherResource", "resourceNotReady":
      return made(.conflict, answer, "another operation runs on it: wait, read it again and repeat the change")
    case "ALREADY_EXISTS", "alreadyExists", "conditionNotMet": return made(.conflict, answer, "read it again")
    case "NOT_FOUND", "notFound": return made(.notFound, answer, nil)
    case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED", "invalid":
      return made(.refused, answer, nil)
    case "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "backendError":
      return isWrite
        ? made(.unknownOutcome, answer, "read it back before anything else")
        : made(.unreachable, answer, "try again; see `meshdeck planes check`")
    default: break
    }
    switch status {
    case 401: return made(.unauthenticated, answer, "log in again; see `planes check`")
    case 403: return made(.forbidden, answer, "ask for the permission")
    case 404: return made(.notFound, said.isEmpty ? "the endpoint does not serve this (404)" : answer, nil)
    case 409, 412: return made(.conflict, answer, "read it again and repeat the change")
    case 429:
      return made(
        .unreachable, "the quota is used up (\(answer))", "wait a minute and try again, or ask for more quota")
    case 400..<500: return made(.refused, answer, nil)
    default:
      return isWrite
        ? made(.unknownOutcome, answer, "read it back before anything else")
        : made(.unreachable, answer, "try again; see `meshdeck planes check`")
    }
  }
}
