import MeshModel
import MeshTransport

/// What Azure or a Service Fabric cluster answered in place of a result, and what an operator can do about it.
///
/// Sources: Azure Resource Manager, "Common Azure deployment errors" (`{"error": {"code", "message"}}`); azure-servicefabric
/// `FabricError` (`{"Error": {"Code", "Message"}}`).
struct AzureFailure: Sendable, Hashable {
  let status: Int
  let code: String
  let words: String

  init(_ response: HTTPResponse) { self.init(try? JSONValue(parsing: response.body), status: response.status) }

  /// The failure that the body of an answer, or of an operation, tells.
  init(_ json: JSONValue?, status: Int) {
    self.status = status
    let error = json?["error"] ?? json?["Error"] ?? json
    code = error?["code"]?.string ?? error?["Code"]?.string ?? ""
    // A code may come without its own words and with those of what lies beneath.
    let beneath = error?["details"]?.array?.first?["message"]?.string
    words = error?["message"]?.string ?? error?["Message"]?.string ?? beneath ?? ""
  }

  /// What was said, in one line.
  var said: String {
    let text = [code, words].filter { !$0.isEmpty }.joined(separator: ": ")
    return text.isEmpty ? "it answers \(status)" : text
  }

  /// Codes by which Azure says that it does not know a kind of resource at all.
  private static let unknownKinds: Set<String> = [
    "InvalidResourceType", "NoRegisteredProviderFound", "InvalidResourceNamespace", "MissingSubscriptionRegistration",
    "InvalidApiVersionParameter",
  ]

  /// The failure in the words an operator needs; of a write that a failing server may have stored all the same, that its
  /// outcome is not known.
  func error(_ what: String, plane: PlaneName, object: ObjectRef? = nil, isWrite: Bool = false) -> MeshError {
    func made(_ code: MeshError.Code, _ remedy: String?, _ message: String? = nil) -> MeshError {
      MeshError(code, "\(what): \(message ?? said)", plane: plane, object: object, remedy: remedy)
    }
    switch code {
    case "SubscriptionNotFound", "InvalidSubscriptionId":
      return made(.notFound, "correct the plane's subscription, or log in to its tenant")
    case "ResourceGroupNotFound": return made(.notFound, "correct the plane's resourceGroup")
    case _ where Self.unknownKinds.contains(code):
      return made(.notFound, "this endpoint does not serve it; Azure itself ended the service on 2021-04-28")
    case "ScopeLocked", "RequestDisallowedByPolicy":
      return made(.refused, "ask whoever set the lock or the policy; nothing was written")
    default: break
    }
    switch status {
    case 401: return made(.unauthenticated, "log in again: az login")
    case 403: return made(.forbidden, "ask for a role that allows what it names")
    case 404: return made(.notFound, nil)
    case 409: return made(.conflict, "another operation is under way, or it was changed: read it again")
    case 412: return made(.conflict, "it was changed since it was read: read it again")
    case 429: return made(.unreachable, "wait a little and try again", "Azure throttles the calls (\(said))")
    case 400..<500: return made(.refused, nil)
    default:
      return isWrite
        ? made(.unknownOutcome, "read it back before anything else")
        : made(.unreachable, "try again; see `meshdeck planes check`")
    }
  }
}
